package processor

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/tests/stitching"
)

// TestLateInsertsLose: the first attempt of an INSERT that was repeated lands when everything is over; so may any other. No row of
// it wins over what was written since: newer contents of a row have a greater version, whatever was received first, and
// so has a tombstone.
func TestLateInsertsLose(t *testing.T) {
	rules := builtin(t)
	for seed := *firstPopulation; seed < *firstPopulation+uint64(*populations/4); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 5))
			// Rules that are younger than anything received, as with an import, must not make all versions their date.
			date := []uint64{0, uint64(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro())}[r.IntN(2)]
			rules.other.options.RulesDate = date
			for _, site := range rules.sites {
				site.options.RulesDate = date
			}
			population := stitching.New(r, 1+r.IntN(5), 1+r.IntN(25))
			c := newCluster(t, r, rules, seed)
			var late [][]*store.Batch
			c.memory.landed = func(batches []*store.Batch) { late = append(late, slices.Clone(batches)) }
			for _, record := range population.Records() {
				c.feed(record)
			}
			c.settle()
			c.memory.landed = nil
			r.Shuffle(len(late), func(i, k int) { late[i], late[k] = late[k], late[i] })
			for _, insert := range late {
				must(t, c.memory.Write(t.Context(), insert...))
			}
			if got, want := c.memory.rows(), stitched(t, rules, population); !reflect.DeepEqual(got, want) {
				t.Fatalf("%d rows, want %d\n%s", len(got), len(want), firstDifference(got, want))
			}
		})
	}
}
