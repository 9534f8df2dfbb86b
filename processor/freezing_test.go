package processor

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/stitching"
)

// freezing are rules by which much is folded, and soon.
func freezing(t *testing.T, r *rand.Rand) *rulebook {
	rules := builtin(t)
	o := &rules.of(stitching.Site).options
	o.FreezeAfter, o.FreezeFrom = []int64{1, 3, 6}[r.IntN(3)]*journey.Day, 1+r.IntN(4)
	o.JourneyTimeout = []int64{2, 5, 30}[r.IntN(3)] * journey.Day
	return rules
}

// asReceived puts records into about the order in which they were received.
func asReceived(r *rand.Rand, all []*touchpoint.Record) []*touchpoint.Record {
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
	for range r.IntN(8) {
		if i := r.IntN(len(all) + 1); i < len(all) {
			k := min(i+r.IntN(20), len(all)-1)
			all[i], all[k] = all[k], all[i]
		}
	}
	return all
}

// TestFrozenTablesEqualOracle is TestStitchedTablesEqualOracle with people who come for weeks, mostly in the order of time, while what
// is older than some days is folded, and those who do not come are swept: the tables are those of the naive rules.
func TestFrozenTablesEqualOracle(t *testing.T) {
	readBack := 0.0
	for seed := range uint64(max(*populations/2, 1)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			rules := freezing(t, r)
			population := stitching.New(r, 1+r.IntN(5), 5+r.IntN(30))
			c := newCluster(t, r, rules, seed)
			records := population.Records()
			if r.IntN(6) > 0 {
				records = asReceived(r, records)
			}
			for _, record := range records {
				value, err := record.MarshalVT()
				must(t, err)
				c.produce(customerOf(record).Bucket(), value)
				for r.IntN(4) == 0 {
					c.work(r.IntN(len(c.logs)))
				}
			}
			c.settle()
			readBack += testutil.ToFloat64(c.metrics.readBack)
			if got, want := c.memory.rows(), stitched(t, rules, population); !reflect.DeepEqual(got, want) {
				t.Fatalf("%d rows, want %d\n%s", len(got), len(want), firstDifference(got, want))
			}
			if got, want := c.memory.edges(), stitching.Edges(population.Touchpoints, population.Unlinks); !reflect.DeepEqual(got, want) {
				t.Fatalf("identities are %v, want %v", got, want)
			}
		})
	}
	t.Logf("%.0f customers were read whole", readBack)
	if readBack == 0 {
		t.Error("nobody was ever read whole")
	}
}
