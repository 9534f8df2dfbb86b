package processor

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/tests/stitching"
)

// grow gives the topic more partitions: every generation ends, and whoever produces knows the new number at once.
func (c *cluster) grow(more int) {
	for range more {
		c.logs = append(c.logs, nil)
		c.committed = append(c.committed, consume.None)
		c.owners, c.partitions = append(c.owners, nil), append(c.partitions, nil)
	}
	for p := range c.owners {
		c.owners[p] = nil
	}
}

// TestGrownTablesEqualOracle lets the topic grow twice while populations arrive, with records of moved customers left in their old
// partitions, and owners cut off anywhere: in the end the tables are those of the naive rule.
func TestGrownTablesEqualOracle(t *testing.T) {
	rules := builtin(t)
	forwarded, counted := 0, 0.0
	for seed := range uint64(max(*populations/2, 1)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			population := stitching.New(r, 1+r.IntN(5), 1+r.IntN(25))
			c := newCluster(t, r, rules, seed)
			records := population.Records()
			for i, record := range records {
				c.feed(record)
				if i == len(records)/3 || i == len(records)*2/3 {
					c.grow(1 + r.IntN(3))
				}
			}
			c.settle()
			if got, want := c.memory.rows(), stitched(t, rules, population); !reflect.DeepEqual(got, want) {
				t.Fatalf("%d rows, want %d\n%s", len(got), len(want), firstDifference(got, want))
			}
			counted += testutil.ToFloat64(c.metrics.passedOn)
			for _, log := range c.logs {
				for _, r := range log {
					if r.Forwarded {
						forwarded++
					}
				}
			}
		})
	}
	if forwarded == 0 || counted == 0 {
		t.Errorf("%d records were passed on, %.0f of them by owners who lived to count: nothing was tried", forwarded, counted)
	}
}
