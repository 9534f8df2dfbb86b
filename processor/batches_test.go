package processor

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// merchHits reads the hits of the real merchandise data set as records of the topic.
func merchHits(t *testing.T) (records []consume.Record) {
	t.Helper()
	file, err := os.Open("../../shared/data/google-merch-events.csv.gz")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the data set google-merch-events is not beside the project")
	}
	must(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	must(t, err)
	rows := csv.NewReader(unzipped)
	_, err = rows.Read()
	must(t, err)
	seen := map[string]bool{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return records
		}
		must(t, err)
		id := row[0] + "-" + row[6] + "-" + row[4]
		if seen[id] {
			continue
		}
		seen[id] = true
		at, err := time.Parse(time.DateTime, row[6])
		must(t, err)
		record := touchpoint.Record{Kind: &touchpoint.Record_Touchpoint{Touchpoint: &touchpoint.Touchpoint{
			Site: "main", MessageId: id, AnonymousId: row[0], Type: "track", Event: row[4], Country: row[2], Device: row[3],
			OccurredAt: at.UnixMilli(), ReceivedAt: at.UnixMicro(), Source: sourceImport,
		}}}
		value, err := record.MarshalVT()
		must(t, err)
		records = append(records, consume.Record{Value: value})
	}
}

// TestBatchSizesDoNotMatter applies the real hits, a part of them under the race detector, in order as one batch, and shuffled with 5 % of them twice in batches of 1, 7
// and 5,000: the tables are the same, row for row.
func TestBatchSizesDoNotMatter(t *testing.T) {
	const seed = 5
	t.Logf("seed %d", seed)
	records := merchHits(t)
	records = records[:len(records)/scale]
	rules, err := newRulebook(sites.Default(), func(string) (*stages.Rules, error) { return stages.Builtin(), nil })
	must(t, err)
	want := applyInBatches(t, rules, records, len(records))
	r := rand.New(rand.NewPCG(seed, 1))
	for range len(records) / 20 {
		records = append(records, records[r.IntN(len(records))])
	}
	for _, size := range []int{1, 7, 5000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			r.Shuffle(len(records), func(i, k int) { records[i], records[k] = records[k], records[i] })
			if got := applyInBatches(t, rules, records, size); !reflect.DeepEqual(got, want) {
				t.Fatalf("%d rows, want %d\n%s", len(got), len(want), firstDifference(got, want))
			}
		})
	}
}

// setsIn reads sets from a map.
func setsIn(sets map[string][]byte) stateReader {
	return func(firsts []*item) error {
		for _, first := range firsts {
			first.blob = sets[first.key]
		}
		return nil
	}
}

// applyInBatches cuts the records into batches of a size and gives the rows that are live after the last.
func applyInBatches(t *testing.T, rules *rulebook, records []consume.Record, size int) map[string]any {
	t.Helper()
	m := newMemory(1, 0)
	sets := map[string][]byte{}
	c := newCutter(rules, setsIn(sets))
	p := newPartition(topics.Touchpoints, 0, 0, 0)
	for from := 0; from < len(records); from += size {
		taken := (&owner{rules: rules}).decodeChunk(p, records[from:min(from+size, len(records))])
		out, err := c.cut(p, taken)
		must(t, err)
		for _, s := range out.sets {
			sets[s.key] = s.blob
		}
		must(t, m.Write(t.Context(), &out.batch))
	}
	return m.rows()
}
