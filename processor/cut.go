package processor

import (
	"fmt"
	"slices"

	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/state"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// stateReader puts the newest set of each customer into the customer's first item, nil for none.
type stateReader func(firsts []*item) error

// cutter computes portions. It is not safe for concurrent use.
type cutter struct {
	rules    *rulebook
	read     stateReader
	builders map[*siteRules]*journey.Builder
	// Memory that is used again for each customer.
	before, after journey.Rows
	person        identity.Person
	united        journey.Set
	key           []byte
	last          map[uint64]*item
	// How many partitions the topic has.
	partitions int32
	// The last rebuild that the sets are of.
	rebuilt int64
	// See identity.PartTouches.
	partTouches int
	// What customers are read from whose records reach behind what is folded; without it nothing is folded.
	archive archive
	// What versions customers whose records are replayed may not fall below, and where that is read; nil in tests.
	lifted map[touchpoint.Customer]uint64
	floors floors
	// Tells that a set is of the newest flush: what it is made of may not be in ClickHouse yet.
	fresh func(key string) bool
	sweep *sweep
	// What was erased: as the partition knows it, and for the dead letter of all partitions, nil in tests; and what is asked about it.
	gone       *erasure.Known
	everywhere *erasure.Register
	uncounted  uncounted
	aside      map[touchpoint.Customer][]journey.Touch
	// The users that the customer at hand gave touches to before an erasure.
	told []string
}

func newCutter(rules *rulebook, read stateReader) *cutter {
	return &cutter{
		rules: rules, read: read, builders: map[*siteRules]*journey.Builder{}, last: map[uint64]*item{},
		partitions: 1, partTouches: identity.PartTouches,
	}
}

func (c *cutter) builder(r *siteRules) *journey.Builder {
	b := c.builders[r]
	if b == nil {
		b = journey.NewBuilder(&r.options)
		c.builders[r] = b
	}
	return b
}

// cut turns what is pending into rows and sets.
func (c *cutter) cut(p *partition, taken pending) (*portion, error) {
	out := &portion{partition: p, pending: taken, reconcile: map[touchpoint.Customer]*expected{}}
	if p.topic != topics.Touchpoints {
		c.rejections(out)
		return out, nil
	}
	c.gone = p.gone.Known()
	for _, e := range taken.erased {
		c.know(out, erasure.Marks(e))
	}
	firsts := c.byCustomer(taken.chunks)
	out.reserve(taken.records, len(firsts))
	if err := c.lift(out, firsts); err != nil {
		return nil, err
	}
	if err := c.read(firsts); err != nil {
		return nil, err
	}
	for _, first := range firsts {
		if err := c.customer(out, first); err != nil {
			return nil, err
		}
	}
	if err := c.takeWhole(out); err != nil {
		return nil, err
	}
	slices.SortFunc(out.sets, change.compare)
	if err := c.retire(out); err != nil {
		return nil, err
	}
	out.batch.Sessions, out.batch.Journeys, out.batch.Transitions = out.rows.Sessions, out.rows.Journeys, out.rows.Transitions
	return out, nil
}

// byCustomer links the items of each customer and gives the first of each.
func (c *cutter) byCustomer(chunks [][]item) (firsts []*item) {
	clear(c.last)
	for _, items := range chunks {
		for i := range items {
			if c.link(&items[i]) {
				firsts = append(firsts, &items[i])
			}
		}
	}
	clear(c.last)
	for _, first := range firsts {
		c.key = state.Key(c.key[:0], first.row.Bucket, first.row.Customer())
		first.key = string(c.key)
	}
	return firsts
}

// link hangs an item on its customer's last one; true when it is the first. Two customers of one hash take the next free place.
func (c *cutter) link(it *item) (first bool) {
	place := it.hash
	before := c.last[place]
	for before != nil && before.row.Customer() != it.row.Customer() {
		place++
		before = c.last[place]
	}
	if before != nil {
		before.next = it
	}
	c.last[place] = it
	return before == nil
}

// customer unites one customer's records with what is known and adds the difference to the portion, or postpones it.
func (c *cutter) customer(out *portion, first *item) error {
	customer := first.row.Customer()
	who := &c.person
	size, err := c.known(first, who)
	if err != nil {
		return err
	}
	if out.erases(first) {
		out.postponed = append(out.postponed, first)
		return nil
	}
	c.fold(out, customer, who, first)
	if who.Own.Frozen == nil {
		_, err := c.take(out, who, first, size)
		return err
	}
	mark := *out
	if !out.replayed(first) && !behind(who, first) {
		if taken, err := c.take(out, who, first, size); taken || err != nil {
			return err
		}
		*out = mark
	}
	out.postponed = append(out.postponed, first)
	return nil
}

// known decodes what is kept of a customer and gives its size in bytes.
func (c *cutter) known(first *item, who *identity.Person) (size int, err error) {
	who.Reset()
	if len(first.blob) > 0 { // none is left of who was erased
		if err := state.DecodePerson(first.blob, who); err != nil {
			return 0, fmt.Errorf("customer in bucket %d: %w", first.row.Bucket, err)
		}
	}
	return len(first.blob), nil
}

// take unites a customer with its records. It is false, and what was added to the portion does not
// count, where folded rows would have to change.
func (c *cutter) take(out *portion, who *identity.Person, first *item, size int) (taken bool, err error) {
	customer, bucket := first.row.Customer(), first.row.Bucket
	builder := c.builder(c.rules.of(customer.Site))
	set, before := c.view(who)
	builder.Build(customer, set, &c.before)
	c.told = c.told[:0]
	news := c.unite(out, who, first)
	news.floor = max(news.floor, c.lifted[customer]) // lifted is past what is stored
	changed := who.Own.Sort() || news.learned || news.replayed && news.floor > who.Own.Floor
	if !changed && !news.replayed && !who.Unsure {
		return true, nil
	}
	if changed || who.Unsure {
		c.outdo(who, &news)
	}
	set, after := c.view(who)
	builder.Build(customer, set, &c.after)
	if set.Stale(&c.before, &c.after) {
		return false, nil
	}
	out.repairs.add(&c.before, &c.after)
	reconciled := news.replayed || who.Unsure
	if reconciled {
		out.expect(customer, &c.after)
		c.before.Reset() // whatever ClickHouse has, write all
	}
	journey.Diff(&c.before, &c.after, &out.rows)
	if err := c.contribute(out, customer, who, before, after, news.last, news.replayed); err != nil {
		return false, err
	}
	out.taken(customer, bucket, who)
	if changed || who.Unsure {
		who.Unsure = false
		out.keep(first.key, who, size)
	}
	return true, nil
}

// spareBytes is room for a new touch or two in a stored set.
const spareBytes = 96

// news is what the records of one customer in a cut amount to.
type news struct {
	// Some may have been applied before by somebody who could not finish.
	replayed bool
	// A record about ids has changed something.
	learned bool
	// The offset of the last one.
	last int64
	// The greatest received_at of those about ids, and what the rows' version must not fall below otherwise.
	floor uint64
	// The greatest received_at of touches that came. Unix microseconds.
	touched int64
}

// unite adds the items to the person and their rows to the portion.
func (c *cutter) unite(out *portion, who *identity.Person, first *item) (n news) {
	for it := first; it != nil; it = it.next {
		n.last = max(n.last, it.offset)
		if c.gone != nil && c.refuses(it) {
			n.replayed = n.replayed || it.replayedIn(out.partition)
			out.refused++
			continue
		}
		if it.record != nil {
			n.replayed = n.replayed || it.replayedIn(out.partition)
			learned, at := c.learn(out, who, it)
			n.learned, n.floor = n.learned || learned, max(n.floor, uint64(at))
			continue
		}
		if !it.counts {
			out.touchpoint(it)
			continue
		}
		n.replayed = n.replayed || it.replayedIn(out.partition)
		verdict, old := who.Own.Add(&it.touch)
		switch verdict {
		case journey.Duplicate:
			out.duplicates++
			continue
		case journey.Same:
			out.duplicates++
		case journey.Replaced:
			out.replace(it, &old)
		}
		n.touched = max(n.touched, it.touch.ReceivedAt)
		out.touchpoint(it)
	}
	return n
}
