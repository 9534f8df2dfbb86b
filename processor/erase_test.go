package processor

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/stitching"
)

// apart splits a population's touchpoints: what is received up to a time, and behind it. Copies of a message that lie on both sides are left
// out.
func apart(p *stitching.Population, at int64) (before, after []*touchpoint.Touchpoint) {
	sides := map[string]int{}
	for _, t := range p.Touchpoints {
		side := 1
		if t.ReceivedAt > at {
			side = 2
		}
		sides[t.MessageId] |= side
	}
	for _, t := range p.Touchpoints {
		if t.OccurredAt*1000 > t.ReceivedAt {
			continue // no collector lets that through
		}
		switch sides[t.MessageId] {
		case 1:
			before = append(before, t)
		case 2:
			after = append(after, t)
		}
	}
	return before, after
}

// lateOnes takes some of what is received before out of it: the person's, and some of others'.
func lateOnes(r *rand.Rand, before []*touchpoint.Touchpoint, e stitching.Erasure) (rest, late []*touchpoint.Touchpoint) {
	copies := map[string]bool{}
	for _, t := range before {
		if (t.UserId == e.User || t.UserId == "") && r.IntN(8) == 0 {
			copies[t.MessageId] = true
		}
	}
	for _, t := range before {
		if copies[t.MessageId] && (t.UserId == e.User || t.UserId == "") {
			late = append(late, t)
		} else if !copies[t.MessageId] {
			rest = append(rest, t)
		}
	}
	return rest, late
}

func (c *cluster) produceAll(r *rand.Rand, touchpoints []*touchpoint.Touchpoint, unlinks []*touchpoint.Unlink) {
	p := stitching.Some(r, touchpoints, unlinks)
	for _, record := range p.Records() {
		value, err := record.MarshalVT()
		must(c.t, err)
		c.produce(customerOf(record).Bucket(), value)
		if c.r.IntN(6) == 0 {
			c.work(c.r.IntN(len(c.logs)))
		}
	}
}

// inherits tells whether somebody else's part of an anonymous id, received before the erasure, falls to the user who came back, since the
// other was unlinked meanwhile. It goes to nobody, and the naive rule does not know that.
func inherits(left *stitching.Population, e stitching.Erasure, alone map[string]bool) bool {
	return slices.ContainsFunc(left.Touchpoints, func(t *touchpoint.Touchpoint) bool {
		_, hers := alone[t.AnonymousId]
		return hers && e.User != "" && t.UserId == "" && t.ReceivedAt <= e.At && stitching.UserOf(t, left.Touchpoints, left.Unlinks) == e.User
	})
}

// TestErasedTablesEqualOracle runs populations as TestStitchedTablesEqualOracle does, and erases somebody on the way. What the person sent comes late, and then
// everything is replayed from the beginning with the states lost: each time the tables are those of the naive rules without the
// person, and nothing names the person.
func TestErasedTablesEqualOracle(t *testing.T) {
	refused := 0
	for seed := *firstPopulation; seed < *firstPopulation+uint64(max(*populations/2, 1)); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 5))
			rules := builtin(t)
			if r.IntN(2) == 0 {
				rules = freezing(t, r)
			}
			rules.other.options.RulesDate = 0
			for _, site := range rules.sites {
				site.options.RulesDate = 0
			}
			population := stitching.New(r, 1+r.IntN(5), 1+r.IntN(25))
			if len(population.Touchpoints) == 0 {
				return
			}
			some := population.Touchpoints[r.IntN(len(population.Touchpoints))]
			f := &forgetting{cluster: newCluster(t, r, rules, seed), e: stitching.Erasure{At: some.ReceivedAt}}
			if f.e.User = some.UserId; f.e.User == "" || some.AnonymousId != "" && r.IntN(4) == 0 {
				f.e.User, f.e.Anonymous = "", some.AnonymousId
			}
			before, after := apart(population, f.e.At)
			before, late := lateOnes(r, before, f.e)
			all := append(slices.Clone(before), after...)
			left, leftLate, unlinks, alone := stitching.Erase(all, late, population.Unlinks, f.e)
			var old []*touchpoint.Unlink
			for _, u := range population.Unlinks {
				if u.ReceivedAt <= f.e.At {
					old = append(old, u)
				} else {
					f.young = append(f.young, u)
				}
			}
			want := stitching.Some(r, append(left, leftLate...), unlinks)
			if inherits(want, f.e, alone) {
				return
			}
			f.asserted = map[string]bool{}
			for _, t := range after {
				f.asserted[fmt.Sprint(t.UserId, t.OccurredAt)] = true
			}
			f.produceAll(r, before, old)
			f.run(alone)
			f.produceAll(r, append(slices.Clone(after), late...), f.young)
			f.settle()
			check := func(when string) {
				t.Helper()
				if got, want := f.memory.rows(), stitched(t, rules, want); !reflect.DeepEqual(got, want) {
					t.Fatalf("%s: %+v (%v): %d rows, want %d\n%s", when, f.e, alone, len(got), len(want), firstDifference(got, want))
				}
				if got, want := f.memory.edges(), stitching.Edges(want.Touchpoints, want.Unlinks); !reflect.DeepEqual(got, want) {
					t.Fatalf("%s: %+v: identities are %v, want %v", when, f.e, got, want)
				}
				if found := f.naming(alone); len(found) > 0 {
					t.Fatalf("%s: %+v: still there: %s", when, f.e, strings.Join(found, "\n"))
				}
			}
			check("at first")
			for p := range f.logs {
				f.owners[p], f.committed[p] = nil, consume.None
				for _, s := range f.states {
					b := s.NewBatch()
					must(t, b.Forget(int32(p)))
					must(t, b.Commit())
				}
			}
			f.settle()
			check("replayed")
			refused += f.refused
		})
	}
	t.Logf("%d records refused", refused)
	if refused == 0 {
		t.Error("nothing was ever refused")
	}
}
