package processor

import (
	"testing"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// FuzzDecode: whatever lies in the topic is decoded or refused with an error, and what is decoded can be cut.
func FuzzDecode(f *testing.F) {
	for _, record := range benchRecords(3) {
		f.Add(record.Value)
	}
	f.Add([]byte{})
	rules, err := newRulebook(sites.Default(), func(string) (*stages.Rules, error) { return stages.Builtin(), nil })
	if err != nil {
		f.Fatal(err)
	}
	p := newPartition(topics.Touchpoints, 0, 0, 1)
	f.Fuzz(func(t *testing.T, value []byte) {
		var tp touchpoint.Touchpoint
		var it item
		err := rules.decode(consume.Record{Value: value}, &it, &tp)
		if err != nil {
			return
		}
		c := newCutter(rules, setsIn(nil))
		if _, err := c.cut(p, pending{chunks: [][]item{{it}}, records: 1}); err != nil {
			t.Fatal(err)
		}
	})
}
