package identity_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/stitching"
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

// take unites the person with records, writes rows and sends contributions; false when it would reach behind the line.
func (f *folder) take(c touchpoint.Customer, who *identity.Person, records []entry, sequence identity.Sequence, replayed bool) bool {
	for _, e := range records {
		if behind(who, e) {
			return false
		}
	}
	var before, after, rows journey.Rows
	set, told := viewOf(who)
	f.b.Build(c, set, &before)
	for _, e := range records {
		learn(who, e)
	}
	who.Own.Sort()
	set, tell := viewOf(who)
	f.b.Build(c, set, &after)
	if set.Stale(&before, &after) {
		return false
	}
	if replayed || who.Unsure {
		f.rows[c] = map[journey.ID]any{}
		before.Reset()
	}
	journey.Diff(&before, &after, &rows)
	if f.rows[c] == nil {
		f.rows[c] = map[journey.ID]any{}
	}
	write(f.rows[c], rows)
	changed := identity.Diff(told, tell)
	if replayed {
		changed = tell.Everything(who.Links.Users())
	}
	for i := range changed {
		changed[i].AnonymousID, changed[i].Sequence = c.ID, sequence
		e := entry{contribution: &changed[i], to: touchpoint.Customer{Site: c.Site, Kind: touchpoint.KindUser, ID: changed[i].UserID}}
		f.sent = append(f.sent, e)
		f.send(e)
	}
	return true
}

func viewOf(who *identity.Person) (*journey.Set, identity.Shares) {
	set, shares := &journey.Set{}, identity.Shares(nil)
	if len(who.Sources) > 0 {
		who.Sources.Unite(who.Own.Touches, set)
	} else {
		shares, set.Touches = who.Links.Split(who.Own.Touches, nil, identity.PartTouches)
	}
	set.Frozen = who.Own.Frozen
	return set, shares
}

func behind(who *identity.Person, e entry) bool {
	if e.contribution != nil {
		return who.BehindContribution(e.contribution)
	}
	switch k := e.record.Kind.(type) {
	case *touchpoint.Record_Link:
		return who.BehindLink(edgeOf(k.Link))
	case *touchpoint.Record_Unlink:
		return who.BehindUnlink(unlinkOf(k.Unlink))
	}
	t := touchOf(e.record.GetTouchpoint())
	return who.Behind(&t)
}

func learn(who *identity.Person, e entry) {
	if e.contribution != nil {
		who.Sources.Apply(e.contribution)
		return
	}
	switch k := e.record.Kind.(type) {
	case *touchpoint.Record_Link:
		who.Links.Add(edgeOf(k.Link))
	case *touchpoint.Record_Unlink:
		who.Links.Withdraw(unlinkOf(k.Unlink))
	default:
		t := touchOf(e.record.GetTouchpoint())
		who.Own.Add(&t)
	}
}

func edgeOf(l *touchpoint.Link) identity.Edge {
	return identity.Edge{UserID: l.UserId, At: l.AssertedAt, Source: l.Source}
}

func unlinkOf(u *touchpoint.Unlink) identity.Unlink {
	if u.Until == 0 {
		return identity.Unlink{UserID: u.UserId, Until: identity.Forever}
	}
	return identity.Unlink{UserID: u.UserId, Until: u.Until}
}

// store puts into ClickHouse what the records say, and how far the sources have been taken.
func (f *folder) store(c touchpoint.Customer, who *identity.Person, records []entry) {
	for _, e := range records {
		if e.contribution != nil {
			if f.taken[c] == nil {
				f.taken[c] = map[string]identity.Sequence{}
			}
			f.taken[c][e.contribution.AnonymousID] = who.Sources.Of(e.contribution.AnonymousID).Latest()
			continue
		}
		if f.touches[c] == nil {
			f.touches[c], f.links[c] = &journey.Set{}, &identity.Links{}
		}
		switch k := e.record.Kind.(type) {
		case *touchpoint.Record_Link:
			f.links[c].Add(edgeOf(k.Link))
		case *touchpoint.Record_Unlink:
			f.links[c].Withdraw(unlinkOf(k.Unlink))
		default:
			t := touchOf(e.record.GetTouchpoint())
			f.touches[c].Add(&t)
			f.touches[c].Sort()
		}
	}
}

// write puts rows into a table; their versions do not count.
func write(table map[journey.ID]any, rows journey.Rows) {
	put := func(k *journey.Key, row any) {
		if k.Deleted {
			delete(table, k.ID)
		} else {
			table[k.ID] = row
		}
	}
	for _, s := range rows.Sessions {
		s.Version = 0
		put(&s.Key, s)
	}
	for _, j := range rows.Journeys {
		j.Version = 0
		put(&j.Key, j)
	}
	for _, t := range rows.Transitions {
		t.Version = 0
		put(&t.Key, t)
	}
}

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
