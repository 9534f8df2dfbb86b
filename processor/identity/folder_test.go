package identity_test

import (
	"math/rand/v2"
	"slices"

	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// folder is owners of partitions like model, that fold what is old and read it again from what is stored when something reaches
// behind the line. Their rows go into one table.
type folder struct {
	r       *rand.Rand
	o       journey.Options
	b       *journey.Builder
	logs    [][]entry
	people  []map[touchpoint.Customer]*identity.Person
	next    []int
	saved   []map[touchpoint.Customer]*identity.Person
	savedAt []int
	replay  []int
	// What ClickHouse has: touches and links by anonymous id or user, how far users have taken contributions, and rows.
	touches map[touchpoint.Customer]*journey.Set
	links   map[touchpoint.Customer]*identity.Links
	taken   map[touchpoint.Customer]map[string]identity.Sequence
	rows    map[touchpoint.Customer]map[journey.ID]any
	// Contributions that were sent, some of which come again much later.
	sent []entry
	// How often a person was taken with something folded, and how often the whole was read.
	folded, thawed int
}

func newFolder(r *rand.Rand) *folder {
	n := 1 + r.IntN(3)
	f := &folder{
		r: r, logs: make([][]entry, n), next: make([]int, n), savedAt: make([]int, n), replay: make([]int, n),
		touches: map[touchpoint.Customer]*journey.Set{}, links: map[touchpoint.Customer]*identity.Links{},
		taken: map[touchpoint.Customer]map[string]identity.Sequence{}, rows: map[touchpoint.Customer]map[journey.ID]any{},
		o: journey.Options{
			SessionGap: 30 * 60_000, JourneyTimeout: []int64{2, 5, 30}[r.IntN(3)] * journey.Day, RepeatIsLoyalty: r.IntN(2) == 0,
			CloseOnPurchase: r.IntN(3) == 0, FreezeFrom: 1, FreezeAfter: []int64{1, 3, 6}[r.IntN(3)] * journey.Day,
		},
	}
	f.b = journey.NewBuilder(&f.o)
	for range n {
		f.people = append(f.people, map[touchpoint.Customer]*identity.Person{})
		f.saved = append(f.saved, map[touchpoint.Customer]*identity.Person{})
	}
	return f
}

func (f *folder) send(e entry) {
	p := topics.Partition(e.to.Bucket(), len(f.logs))
	f.logs[p] = append(f.logs[p], e)
}

func copyOf(p *identity.Person) *identity.Person {
	c := *p
	c.Own.Reset(slices.Clone(p.Own.Touches), p.Own.Floor)
	c.Own.Frozen = p.Own.Frozen
	c.Links = identity.Links{Edges: slices.Clone(p.Links.Edges), Unlinks: slices.Clone(p.Links.Unlinks)}
	c.Sources = slices.Clone(p.Sources)
	for i := range c.Sources {
		c.Sources[i].Parts = slices.Clone(c.Sources[i].Parts)
	}
	return &c
}

func copies(people map[touchpoint.Customer]*identity.Person) map[touchpoint.Customer]*identity.Person {
	c := map[touchpoint.Customer]*identity.Person{}
	for k, v := range people {
		c[k] = copyOf(v)
	}
	return c
}

// step reads some records of a partition at once; sometimes it falls back to what it had saved, or restores that from what is stored.
func (f *folder) step(p int) {
	n := min(1+f.r.IntN(20), len(f.logs[p])-f.next[p])
	batch := map[touchpoint.Customer][]int{}
	for i := f.next[p]; i < f.next[p]+n; i++ {
		batch[f.logs[p][i].to] = append(batch[f.logs[p][i].to], i)
	}
	for c, offsets := range batch {
		f.customer(p, c, offsets)
	}
	f.next[p] += n
	if len(f.sent) > 0 && f.r.IntN(10) == 0 { // an owner that was taken for dead
		f.send(f.sent[f.r.IntN(len(f.sent))])
	}
	switch f.r.IntN(12) {
	case 0: // a crash
		f.replay[p] = max(f.replay[p], f.next[p])
		f.next[p], f.people[p] = f.savedAt[p], copies(f.saved[p])
	case 1: // another owner, without a state of its own
		f.replay[p] = max(f.replay[p], f.next[p])
		f.next[p] = f.savedAt[p]
		for c, who := range f.saved[p] {
			f.people[p][c] = f.stored(c, who)
		}
	case 2, 3, 4, 5: // durable
		f.savedAt[p], f.saved[p] = f.next[p], copies(f.people[p])
	}
}

// stored is all that ClickHouse has of somebody, united with what is kept of them.
func (f *folder) stored(c touchpoint.Customer, who *identity.Person) *identity.Person {
	whole := &identity.Person{}
	if set := f.touches[c]; set != nil {
		whole.Own.Reset(slices.Clone(set.Touches), set.Floor)
	}
	whole.Own.Floor = max(whole.Own.Floor, who.Own.Floor)
	if links := f.links[c]; links != nil {
		whole.Links = identity.Links{Edges: slices.Clone(links.Edges), Unlinks: slices.Clone(links.Unlinks)}
	}
	for a, links := range f.links {
		if c.Kind == touchpoint.KindUser && slices.Contains(links.Users(), c.ID) {
			taken := f.taken[c][a.ID]
			whole.Sources.Apply(&identity.Contribution{Part: identity.Part{UserID: c.ID}, AnonymousID: a.ID, Sequence: taken, Sweep: true})
			var touches []journey.Touch
			if set := f.touches[a]; set != nil {
				touches = set.Touches
			}
			shares, _ := links.Split(touches, nil, identity.PartTouches)
			for _, s := range shares.Everything(nil) {
				if s.UserID == c.ID {
					s.AnonymousID, s.Sequence = a.ID, taken
					whole.Sources.Apply(&s)
				}
			}
		}
	}
	whole.Thaw(who)
	return whole
}

func (f *folder) customer(p int, c touchpoint.Customer, offsets []int) {
	kept, replayed := f.people[p][c], false
	if kept == nil {
		kept = &identity.Person{}
	}
	records := make([]entry, len(offsets))
	for i, at := range offsets {
		records[i], replayed = f.logs[p][at], replayed || at < f.replay[p]
	}
	if line := f.line(kept); line > 0 && !replayed && f.r.IntN(2) == 0 {
		kept.Fold(f.b, c, line)
	}
	sequence := identity.Sequence{Partitions: int32(len(f.logs)), Offset: int64(offsets[len(offsets)-1] + 1)}
	who := copyOf(kept)
	if who.Own.Frozen != nil {
		f.folded++
	}
	if replayed && who.Own.Frozen != nil || !f.take(c, who, records, sequence, replayed) {
		f.thawed++
		who = f.stored(c, kept)
		if !f.take(c, who, records, sequence, replayed) {
			panic("the whole is behind")
		}
	}
	who.Unsure = false
	f.people[p][c] = who
	f.store(c, who, records)
}

// line is where something that is there could be folded.
func (f *folder) line(who *identity.Person) int64 {
	newest := int64(0)
	for _, t := range who.Own.Touches {
		newest = max(newest, t.ReceivedAt/1000)
	}
	for _, s := range who.Sources {
		for _, k := range s.Parts {
			for _, t := range k.Touches {
				newest = max(newest, t.ReceivedAt/1000)
			}
		}
	}
	for _, e := range who.Links.Edges {
		newest = max(newest, e.At)
	}
	return f.o.Line(newest)
}
