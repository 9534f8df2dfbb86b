package identity_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/stitching"
)

// records gives a population's records, mostly in about the order in which they were received.
func records(r *rand.Rand, population *stitching.Population) []*touchpoint.Record {
	all := population.Records()
	if len(all) == 0 || r.IntN(5) == 0 {
		return all
	}
	received := func(record *touchpoint.Record) int64 {
		switch k := record.Kind.(type) {
		case *touchpoint.Record_Link:
			return k.Link.ReceivedAt
		case *touchpoint.Record_Unlink:
			return k.Unlink.ReceivedAt
		}
		return record.GetTouchpoint().ReceivedAt
	}
	slices.SortStableFunc(all, func(a, b *touchpoint.Record) int { return cmp.Compare(received(a), received(b)) })
	for range r.IntN(5) {
		i := r.IntN(len(all))
		k := min(i+r.IntN(8), len(all)-1)
		all[i], all[k] = all[k], all[i]
	}
	return all
}

// TestFoldingChangesNothing: populations as in TestExchangeEqualsOracle, whose people are folded now and then, crash, and lose their
// state: in the end every customer has the rows that the naive rule and Build give, which see everything at once.
func TestFoldingChangesNothing(t *testing.T) {
	tried := *seeds
	if testing.Short() {
		tried = min(tried, 1000)
	}
	folded, thawed := 0, 0
	for seed := range uint64(tried) {
		r := rand.New(rand.NewPCG(seed, 2))
		population := stitching.New(r, 1+r.IntN(4), 1+r.IntN(20))
		f := newFolder(r)
		for _, record := range records(r, population) {
			f.send(entry{record: record, to: customerOf(record)})
			for r.IntN(3) > 0 {
				f.step(r.IntN(len(f.logs)))
			}
		}
		for busy := true; busy; {
			busy = false
			for p := range f.logs {
				if f.next[p] < len(f.logs[p]) {
					busy = true
					f.step(p)
				}
			}
		}
		folded, thawed = folded+f.folded, thawed+f.thawed
		if err := f.compare(population); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	t.Logf("%d people were taken with something folded, %d whole ones were read", folded, thawed)
	if folded == 0 || thawed == 0 || thawed > folded {
		t.Error("people must be folded often and read seldom to prove anything")
	}
}

func (f *folder) compare(population *stitching.Population) error {
	want := map[touchpoint.Customer]map[journey.ID]any{}
	for c, touchpoints := range stitching.Resolve(population.Touchpoints, population.Unlinks) {
		var set journey.Set
		for _, tp := range touchpoints {
			touch := touchOf(tp)
			set.Add(&touch)
		}
		set.Sort()
		var rows journey.Rows
		f.b.Build(c, &set, &rows)
		want[c] = map[journey.ID]any{}
		write(want[c], rows)
	}
	for c, rows := range f.rows {
		if len(rows) > 0 && !reflect.DeepEqual(rows, want[c]) {
			return fmt.Errorf("%v has %d rows, want %d:\n got %+v\nwant %+v", c, len(rows), len(want[c]), rows, want[c])
		}
	}
	for c := range want {
		if len(f.rows[c]) == 0 {
			return fmt.Errorf("%v has no rows, want %d", c, len(want[c]))
		}
	}
	return nil
}
