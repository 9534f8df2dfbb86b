package processor

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/tests/stitching"
)

// reached is what a coordinator and the logs would say.
func (c *cluster) reached(context.Context) (all []consume.Reach, err error) {
	for p, log := range c.logs {
		all = append(all, consume.Reach{Committed: c.committed[p], End: int64(len(log))})
	}
	return all, nil
}

// anew deletes the topic, everything of which is in the tables, and makes it again. What the group had committed goes with it,
// and nobody is left who could send again what was sent to it.
func (c *cluster) anew(partitions int) {
	faults, failures := c.faults, c.memory.failures
	c.settle()
	c.faults, c.memory.failures, c.sent = faults, failures, nil
	c.logs, c.committed = make([][]consume.Record, partitions), make([]int64, partitions)
	c.owners, c.partitions = make([]*owner, partitions), make([]*partition, partitions)
	for p := range c.committed {
		c.committed[p] = consume.None
	}
}

// TestTopicMadeAnew: in the middle of populations the topic is deleted and made again, with another number of partitions at
// times, and the tables are kept. The new log's offsets are lower than those that the tables know of.
func TestTopicMadeAnew(t *testing.T) {
	rules := builtin(t)
	rules.other.options.RulesDate = 0 // else all versions are that date
	for _, site := range rules.sites {
		site.options.RulesDate = 0
	}
	for seed := *firstPopulation; seed < *firstPopulation+uint64(*populations/4); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			population := stitching.New(r, 1+r.IntN(5), 1+r.IntN(25))
			c := newCluster(t, r, rules, seed)
			records := population.Records()
			first, second := r.IntN(len(records)), r.IntN(len(records))
			for i, record := range records {
				if i == first || i == second {
					c.anew(1 + (len(c.logs)-1+r.IntN(2))%4)
				}
				c.feed(record)
			}
			c.settle()
			if got, want := c.memory.rows(), stitched(t, rules, population); !reflect.DeepEqual(got, want) {
				t.Fatalf("%d rows, want %d\n%s", len(got), len(want), firstDifference(got, want))
			}
		})
	}
}
