package processor

import (
	"fmt"
	"maps"
	"testing"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/state"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// TestNothingIsFoldedBeforeItIsStored: history comes so fast that it is old at once. What the newest flush has, which ClickHouse may
// not have yet, stays as it is; what came before is folded.
func TestNothingIsFoldedBeforeItIsStored(t *testing.T) {
	rules := builtin(t)
	sets := map[string][]byte{}
	c := newCutter(rules, setsIn(sets))
	p := newPartition(topics.Touchpoints, 0, 0, 0)
	p.recent = newRecent(1 << 20)
	c.archive = func(map[touchpoint.Customer]*identity.Person) (map[touchpoint.Customer]*identity.Person, error) {
		t.Error("the past was asked for")
		return nil, nil
	}
	c.fresh = p.recent.fresh
	at := int64(1_700_000_000_000)
	var who identity.Person
	for cut, want := range []bool{false, false, true} {
		var records []consume.Record
		for i := range 40 {
			at += 2 * journey.Day
			tp := &touchpoint.Touchpoint{
				Site: "main", MessageId: fmt.Sprint(cut, "-", i), AnonymousId: "a", Type: "track", OccurredAt: at, ReceivedAt: at * 1000, Source: sourceImport,
			}
			value, err := (&touchpoint.Record{Kind: &touchpoint.Record_Touchpoint{Touchpoint: tp}}).MarshalVT()
			must(t, err)
			records = append(records, consume.Record{Value: value})
		}
		out, err := c.cut(p, (&owner{rules: rules}).decodeChunk(p, records))
		must(t, err)
		if cut != 1 { // a flush without this customer comes between
			p.recent.add(out.sets)
		} else {
			p.recent.add(nil)
		}
		for _, s := range out.sets {
			sets[s.key] = s.blob
		}
		for blob := range maps.Values(sets) {
			must(t, state.DecodePerson(blob, &who))
		}
		if folded := who.Own.Frozen != nil; folded != want {
			t.Errorf("after cut %d: folded %v, want %v", cut, folded, want)
		}
	}
}
