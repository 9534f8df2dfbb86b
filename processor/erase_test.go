package processor

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/stitching"
)

// forgetting is somebody at the command line who erases people while owners are cut off.
type forgetting struct {
	*cluster
	e stitching.Erasure
	// Anonymous ids that were asked for, and pairs.
	told map[string]bool
	// Withdrawals that come afterwards.
	young []*touchpoint.Unlink
	// Who asserted what afterwards, by user and time.
	asserted map[string]bool
}

func (f *forgetting) erase(e *touchpoint.Erase, everywhere bool) {
	e.Site, e.ReceivedAt, e.Salt, e.Request, e.Everywhere = stitching.Site, f.e.At, []byte("some salt"), "r", everywhere
	value, err := (&touchpoint.Record{Kind: &touchpoint.Record_Erase{Erase: e}}).MarshalVT()
	must(f.t, err)
	if !everywhere {
		f.produce(e.Customer().Bucket(), value)
		return
	}
	for p := range f.logs {
		f.produce(uint16(p), value)
	}
}

// catchUp works until everything is committed.
func (f *forgetting) catchUp() {
	for busy := true; busy; {
		busy = false
		for p := range f.logs {
			if f.owners[p] == nil || max(f.committed[p], 0) < int64(len(f.logs[p])) {
				busy = true
				f.work(p)
			}
		}
	}
}

// pairs lists what the tables have of who was seen where, or has touches from where: users of each anonymous id.
func (m *memory) pairs() map[string][]string {
	pairs := map[string][]string{}
	add := func(anonymous, user string) {
		if anonymous != "" && user != "" && !slices.Contains(pairs[anonymous], user) {
			pairs[anonymous] = append(pairs[anonymous], user)
		}
	}
	for key := range m.identities {
		add(key.anonymous, key.user)
	}
	for u := range m.unlinks {
		add(u.AnonymousID, u.UserID)
	}
	for _, c := range m.contributions {
		add(c.AnonymousID, c.UserID)
	}
	for _, t := range m.touchpoints {
		add(t.AnonymousId, t.UserId)
	}
	return pairs
}

// run does what the command does: rounds of requests, until the tables name nobody else, and then the deletion of rows.
func (f *forgetting) run(alone map[string]bool) {
	f.told = map[string]bool{}
	for round := 0; ; round++ {
		f.catchUp()
		more := false
		pairs := f.memory.pairs()
		for _, anonymous := range slices.Sorted(maps.Keys(pairs)) {
			users := slices.Sorted(slices.Values(pairs[anonymous]))
			switch {
			case f.told[anonymous]:
			case f.e.User != "" && slices.Contains(users, f.e.User):
				f.told[anonymous], more = true, true
				of := &touchpoint.Erase{Kind: "anonymous", Id: anonymous, Part: f.e.User}
				if alone[anonymous] {
					of.Part = ""
				}
				f.erase(of, false)
				f.erase(&touchpoint.Erase{Kind: "user", Id: f.e.User, Part: anonymous}, false)
			case anonymous == f.e.Anonymous:
				f.told[anonymous], more = true, true
				for _, u := range users {
					f.erase(&touchpoint.Erase{Kind: "user", Id: u, Part: anonymous}, false)
				}
			}
		}
		if round == 0 && f.e.Anonymous != "" {
			f.erase(&touchpoint.Erase{Kind: "anonymous", Id: f.e.Anonymous}, false)
			more = true
		}
		f.catchUp()
		if round > 0 && !more {
			break
		}
		f.repeat()
		if f.e.User != "" {
			f.erase(&touchpoint.Erase{Kind: "user", Id: f.e.User}, true)
		} else {
			f.erase(&touchpoint.Erase{Kind: "anonymous", Id: f.e.Anonymous}, true)
		}
		for _, anonymous := range slices.Sorted(maps.Keys(f.told)) {
			if alone[anonymous] {
				f.erase(&touchpoint.Erase{Kind: "anonymous", Id: anonymous}, true)
			}
		}
	}
	f.catchUp()
	f.delete(alone)
}

// repeat lets users drop what anonymous ids told them when those were erased.
func (f *forgetting) repeat() {
	pairs := f.memory.pairs()
	for _, anonymous := range slices.Sorted(maps.Keys(pairs)) {
		users := slices.Sorted(slices.Values(pairs[anonymous]))
		for _, u := range users {
			if f.told[anonymous] && (u == f.e.User || f.e.User == "") {
				f.erase(&touchpoint.Erase{Kind: "user", Id: u, Part: anonymous}, false)
			}
		}
	}
}

// delete removes rows for good, as the command does.
func (f *forgetting) delete(alone map[string]bool) {
	m, until := f.memory, f.e.At
	gone := func(c touchpoint.Customer) bool {
		return c.Kind == touchpoint.KindUser && c.ID == f.e.User || c.Kind == touchpoint.KindAnonymous && (alone[c.ID] || f.told[c.ID] || c.ID == f.e.Anonymous)
	}
	for key, t := range m.touchpoints {
		if c := t.Customer(); gone(c) && t.ReceivedAt <= until && (t.Deleted || c.Kind == touchpoint.KindUser || alone[c.ID]) {
			delete(m.touchpoints, key)
		}
	}
	for key, d := range m.derived {
		if gone(d.key.Customer) && d.key.Deleted {
			delete(m.derived, key)
		}
	}
	for key, i := range m.identities {
		if i.Deleted && key.at*1000 <= until && (key.user == f.e.User || alone[key.anonymous] || key.anonymous == f.e.Anonymous) {
			delete(m.identities, key)
		}
	}
	for u := range m.unlinks {
		if u.ReceivedAt <= until && (u.UserID == f.e.User || alone[u.AnonymousID] || u.AnonymousID == f.e.Anonymous) {
			delete(m.unlinks, u)
		}
	}
	for key, c := range m.contributions {
		if c.UserID == f.e.User || alone[c.AnonymousID] || c.AnonymousID == f.e.Anonymous {
			delete(m.contributions, key)
		}
	}
	for key, t := range m.touchpoints {
		if t.ReceivedAt <= until && t.AnonymousId != "" && t.UserId != "" && t.AnonymousId == f.e.Anonymous {
			t.Touchpoint = t.CloneVT()
			t.AnonymousId = ""
			m.touchpoints[key] = t
		}
	}
}

// again tells whether an edge whose tombstone is there may be of what came afterwards: such a one was asserted anew, or withdrawn.
func (f *forgetting) again(key identityKey) bool {
	return f.asserted[fmt.Sprint(key.user, key.at)]
}

// naming lists what the tables have of an erased person.
func (f *forgetting) naming(alone map[string]bool) (found []string) {
	m := f.memory
	note := func(what string, c touchpoint.Customer, detail any) {
		if c.Kind == touchpoint.KindUser && c.ID == f.e.User || c.Kind == touchpoint.KindAnonymous && (alone[c.ID] || c.ID == f.e.Anonymous) {
			found = append(found, fmt.Sprintf("%s %v %+v", what, c, detail))
		}
	}
	for _, t := range m.touchpoints {
		if t.ReceivedAt <= f.e.At {
			note("touchpoint", t.Customer(), t)
			if f.e.Anonymous != "" && t.AnonymousId == f.e.Anonymous {
				found = append(found, fmt.Sprintf("touchpoint %v", t))
			}
		}
	}
	for _, d := range m.derived {
		if d.key.Deleted && d.key.Version <= uint64(f.e.At) {
			note("tombstone", d.key.Customer, d)
		}
	}
	for _, c := range m.contributions {
		if c.Version <= uint64(f.e.At) {
			note("contribution", touchpoint.Customer{Kind: touchpoint.KindUser, ID: c.UserID}, c)
			note("contribution", touchpoint.Customer{Kind: touchpoint.KindAnonymous, ID: c.AnonymousID}, c)
		}
	}
	for key, i := range m.identities {
		if key.at*1000 <= f.e.At && i.Deleted && !f.again(key) {
			note("identity", touchpoint.Customer{Kind: touchpoint.KindUser, ID: key.user}, key)
		}
	}
	return found
}

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
