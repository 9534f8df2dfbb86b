package identity_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/stitching"
)

var seeds = flag.Int("seeds", 10_000, "populations to try")

// person is what an owner keeps of one customer.
type person struct {
	own     journey.Set
	links   identity.Links
	sources identity.Sources
}

func (p *person) clone() *person {
	c := &person{links: identity.Links{Edges: slices.Clone(p.links.Edges), Unlinks: slices.Clone(p.links.Unlinks)}}
	c.own.Reset(slices.Clone(p.own.Touches), p.own.Floor)
	for _, s := range p.sources {
		s.Parts = slices.Clone(s.Parts)
		c.sources = append(c.sources, s)
	}
	return c
}

// entry is a record in a partition's log: of the collector, or a contribution.
type entry struct {
	record       *touchpoint.Record
	contribution *identity.Contribution
	to           touchpoint.Customer
}

// model is owners of partitions that exchange contributions through logs. Owners fall back to what they were, and
// contributions of long ago are sent again.
type model struct {
	r     *rand.Rand
	limit int
	logs  [][]entry
	// For each partition: customers, how far it has read, what it falls back to, and before where everything is sent.
	people  []map[touchpoint.Customer]*person
	next    []int
	saved   []map[touchpoint.Customer]*person
	savedAt []int
	replay  []int
	sent    []entry
}

func newModel(r *rand.Rand) *model {
	n := 1 + r.IntN(4)
	m := &model{r: r, limit: 1 + r.IntN(20), logs: make([][]entry, n), next: make([]int, n), savedAt: make([]int, n), replay: make([]int, n)}
	for range n {
		m.people = append(m.people, map[touchpoint.Customer]*person{})
		m.saved = append(m.saved, map[touchpoint.Customer]*person{})
	}
	return m
}

func (m *model) send(e entry) {
	p := topics.Partition(e.to.Bucket(), len(m.logs))
	m.logs[p] = append(m.logs[p], e)
}

// step reads some records of a partition at once.
func (m *model) step(p int) {
	n := min(1+m.r.IntN(30), len(m.logs[p])-m.next[p])
	batch := map[touchpoint.Customer][]int{}
	for i := m.next[p]; i < m.next[p]+n; i++ {
		batch[m.logs[p][i].to] = append(batch[m.logs[p][i].to], i)
	}
	for customer, offsets := range batch {
		m.customer(p, customer, offsets)
	}
	m.next[p] += n
	switch m.r.IntN(8) {
	case 0: // a crash
		m.replay[p] = max(m.replay[p], m.next[p])
		m.next[p], m.people[p] = m.savedAt[p], clone(m.saved[p])
	case 1, 2, 3: // durable
		m.savedAt[p], m.saved[p] = m.next[p], clone(m.people[p])
	}
	if len(m.sent) > 0 && m.r.IntN(10) == 0 { // an owner that was taken for dead
		m.send(m.sent[m.r.IntN(len(m.sent))])
	}
}

func clone(people map[touchpoint.Customer]*person) map[touchpoint.Customer]*person {
	c := map[touchpoint.Customer]*person{}
	for k, v := range people {
		c[k] = v.clone()
	}
	return c
}

func (m *model) customer(p int, c touchpoint.Customer, offsets []int) {
	who := m.people[p][c]
	if who == nil {
		who = &person{}
		m.people[p][c] = who
	}
	before, _ := who.links.Split(who.own.Touches, nil, m.limit)
	replayed := false
	for _, at := range offsets {
		who.take(m.logs[p][at])
		replayed = replayed || at < m.replay[p]
	}
	who.own.Sort()
	who.own.Reset(who.own.Touches, 0)
	after, _ := who.links.Split(who.own.Touches, nil, m.limit)
	changed := identity.Diff(before, after)
	if replayed {
		changed = after.Everything(who.links.Users())
	}
	for i := range changed {
		changed[i].AnonymousID = c.ID
		changed[i].Sequence = identity.Sequence{Partitions: int32(len(m.logs)), Offset: int64(offsets[len(offsets)-1] + 1)}
		e := entry{contribution: &changed[i], to: touchpoint.Customer{Site: c.Site, Kind: touchpoint.KindUser, ID: changed[i].UserID}}
		m.sent = append(m.sent, e)
		m.send(e)
	}
}

func (p *person) take(e entry) {
	if e.contribution != nil {
		p.sources.Apply(e.contribution)
		return
	}
	switch k := e.record.Kind.(type) {
	case *touchpoint.Record_Touchpoint:
		t := touchOf(k.Touchpoint)
		p.own.Add(&t)
	case *touchpoint.Record_Link:
		p.links.Add(identity.Edge{UserID: k.Link.UserId, At: k.Link.AssertedAt, Source: k.Link.Source})
	case *touchpoint.Record_Unlink:
		until := k.Unlink.Until
		if until == 0 {
			until = identity.Forever
		}
		p.links.Withdraw(identity.Unlink{UserID: k.Unlink.UserId, Until: until})
	}
}

func touchOf(t *touchpoint.Touchpoint) journey.Touch {
	return journey.Touch{
		MessageID: journey.PackMessageID(t.MessageId), OccurredAt: t.OccurredAt, ReceivedAt: t.ReceivedAt, Stage: stages.Stage(t.Stage),
		Passive: t.Passive, Channel: t.Channel, Campaign: t.Campaign, Device: t.Device, Country: t.Country, Revenue: t.Revenue,
	}
}

// owned gives the touches of each customer that has any.
func (m *model) owned() map[touchpoint.Customer][]journey.Touch {
	all := map[touchpoint.Customer][]journey.Touch{}
	for _, people := range m.people {
		for c, who := range people {
			_, rest := who.links.Split(who.own.Touches, nil, m.limit)
			var set journey.Set
			who.sources.Unite(rest, &set)
			if len(set.Touches) > 0 {
				all[c] = set.Touches
			}
		}
	}
	return all
}

// TestExchangeEqualsOracle: people on shared devices, records in any order, twice, in any batches, owners that fall back and
// say things again: in the end every customer has the touches that the naive rule gives, which sees everything at once.
func TestExchangeEqualsOracle(t *testing.T) {
	tried := *seeds
	if testing.Short() {
		tried = min(tried, 1000)
	}
	for seed := range uint64(tried) {
		r := rand.New(rand.NewPCG(seed, 1))
		population := stitching.New(r, 1+r.IntN(4), 1+r.IntN(12))
		m := newModel(r)
		for _, record := range population.Records() {
			m.send(entry{record: record, to: customerOf(record)})
			if r.IntN(5) == 0 {
				m.step(r.IntN(len(m.logs)))
			}
		}
		m.settle()
		want := map[touchpoint.Customer][]journey.Touch{}
		for c, touchpoints := range stitching.Resolve(population.Touchpoints, population.Unlinks) {
			var touches []journey.Touch
			for _, tp := range touchpoints {
				touches = append(touches, touchOf(tp))
			}
			slices.SortFunc(touches, func(a, b journey.Touch) int { return journey.Compare(&a, &b) })
			want[c] = touches
		}
		if got := m.owned(); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %s", seed, difference(got, want))
		}
	}
}

// settle reads every log to its end.
func (m *model) settle() {
	for busy := true; busy; {
		busy = false
		for p := range m.logs {
			if m.next[p] < len(m.logs[p]) {
				busy = true
				m.step(p)
			}
		}
	}
}

func customerOf(r *touchpoint.Record) touchpoint.Customer {
	switch k := r.Kind.(type) {
	case *touchpoint.Record_Link:
		return k.Link.Customer()
	case *touchpoint.Record_Unlink:
		return k.Unlink.Customer()
	}
	return r.GetTouchpoint().Customer()
}

func difference(got, want map[touchpoint.Customer][]journey.Touch) string {
	for c := range want {
		if !reflect.DeepEqual(got[c], want[c]) {
			return fmt.Sprintf("%v\n got %+v\nwant %+v", c, got[c], want[c])
		}
	}
	for c := range got {
		if want[c] == nil {
			return fmt.Sprintf("%v\n got %+v\nwant nothing", c, got[c])
		}
	}
	return ""
}
