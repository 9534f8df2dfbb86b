package identity

import (
	"math"
	"slices"
	"sort"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Line gives the time before which nothing is expected any more, by what of the person was received last, in Unix
// milliseconds, and whether folding up to there is worth it.
func (p *Person) Line(o *journey.Options) (line int64, worth bool) {
	if o.FreezeAfter <= 0 || len(p.Own.Touches)+len(p.Links.Edges)+p.Sources.touches() < o.FreezeFrom {
		return 0, false
	}
	newest := int64(0)
	p.each(func(t *journey.Touch) { newest = max(newest, t.ReceivedAt/1000) })
	for _, e := range p.Links.Edges {
		newest = max(newest, e.At)
	}
	line = o.Line(newest)
	return line, p.before(line) >= o.FreezeFrom
}

// Dormant tells whether the person has been idle so long, as of now (Unix milliseconds), that the next touch will begin a
// new journey, and from when on it would. Folding up to there leaves little more than message ids. It is false for a person
// of whom nothing else is left.
func (p *Person) Dormant(o *journey.Options, now int64) (until int64, ok bool) {
	last := int64(0)
	if p.Own.Frozen != nil {
		last = p.Own.Frozen.Last
	}
	p.each(func(t *journey.Touch) { last = max(last, t.OccurredAt) })
	for _, e := range p.Links.Edges {
		last = max(last, e.At)
	}
	until, ok = o.Dormant(last, now)
	left := p.Own.Frozen == nil || !p.Own.Frozen.Idle() || p.before(until) > 0
	return until, ok && left && o.FreezeAfter > 0
}

// each calls fn for every touch that is not folded, in no order.
func (p *Person) each(fn func(*journey.Touch)) {
	for i := range p.Own.Touches {
		fn(&p.Own.Touches[i])
	}
	for _, s := range p.Sources {
		for _, k := range s.Parts {
			for i := range k.Touches {
				fn(&k.Touches[i])
			}
		}
	}
}

// before counts what folding up to the line would take away.
func (p *Person) before(line int64) (n int) {
	p.each(func(t *journey.Touch) {
		if t.OccurredAt < line {
			n++
		}
	})
	return n + len(p.Links.Edges) - len(p.Links.from(line))
}

// Fold folds what lies before the line, which lies between days, into the summary of the person's own set: that of the touches that
// the person's journeys are built of. Of the edges before the line the last of each user stays. It does nothing to a
// person whose rows are not sure, or where the line is not after the one of before.
func (p *Person) Fold(b *journey.Builder, c touchpoint.Customer, line int64) {
	if p.Unsure || p.Own.Frozen != nil && line <= p.Own.Frozen.Until {
		return
	}
	if p.Alone() {
		b.Fold(c, &p.Own, line)
		return
	}
	var view journey.Set
	p.view(&view)
	b.Fold(c, &view, line)
	n := sort.Search(len(p.Own.Touches), func(i int) bool { return p.Own.Touches[i].OccurredAt >= line })
	view.Frozen.Note(p.Own.Touches[:n])
	p.Own.Reset(slices.Delete(p.Own.Touches, 0, n), max(p.Own.Floor, view.Floor))
	p.Own.Frozen = view.Frozen
	p.Links.Edges = p.Links.from(line)
	p.Sources.fold(int32(line / dayMillis))
}

// view is the set that the person's journeys are built of.
func (p *Person) view(set *journey.Set) {
	if len(p.Sources) > 0 {
		p.Sources.Unite(p.Own.Touches, set)
	} else {
		_, set.Touches = p.Links.Split(p.Own.Touches, nil, math.MaxInt)
	}
	set.Floor, set.Frozen = p.Own.Floor, p.Own.Frozen
	p.each(func(t *journey.Touch) { set.Floor = max(set.Floor, uint64(max(t.ReceivedAt, 0))) })
}

// from gives the edges without those before the line that say nothing about touches from the line on: of each user the last
// one that is live is enough. Unlinks know who else was named.
func (l *Links) from(line int64) (edges []Edge) {
	for i, e := range l.Edges {
		later := func(o Edge) bool { return o.At < line && o.UserID == e.UserID }
		if e.At >= line || l.Live(e) && !slices.ContainsFunc(l.Edges[i+1:], later) {
			edges = append(edges, e)
		}
	}
	return edges
}

// fold drops the parts of the days before one, and notes how new the newest of them was.
func (s Sources) fold(day int32) {
	for i := range s {
		source := &s[i]
		source.FoldedDay = day
		source.Parts = slices.DeleteFunc(source.Parts, func(k Kept) bool {
			if k.Day < day && k.Sequence.Compare(source.Folded) > 0 {
				source.Folded = k.Sequence
			}
			return k.Day < day
		})
	}
}

func (s Sources) touches() (n int) {
	for i := range s {
		n += s[i].Touches()
	}
	return n
}

// Behind tells whether the touch reaches what is folded: see journey.Set.
func (p *Person) Behind(t *journey.Touch) bool { return p.Own.Behind(t) }

// BehindLink tells whether an edge could give touches that are folded to somebody else. It concerns those after the edge
// before it.
func (p *Person) BehindLink(e Edge) bool {
	f := p.Own.Frozen
	if f == nil || p.Links.known(e) {
		return false
	}
	if e.At < f.Until {
		return true
	}
	if f.Last == 0 {
		return false
	}
	for i := len(p.Links.Edges) - 1; i >= 0; i-- {
		if before := p.Links.Edges[i]; before.At < e.At && p.Links.Live(before) {
			return before.At < f.Last
		}
	}
	return true
}

// known tells whether an edge would change nothing.
func (l *Links) known(e Edge) bool {
	if _, found := slices.BinarySearchFunc(l.Edges, e, Edge.Compare); found {
		return true
	}
	if touchpoint.ExactLink(e.Source) {
		return false
	}
	same := l.sameWindow(e)
	return same >= 0 && l.Edges[same].Compare(e) < 0
}

// BehindUnlink tells whether an unlink could take away touches or edges that are folded.
func (p *Person) BehindUnlink(u Unlink) bool {
	if p.Own.Frozen == nil {
		return false
	}
	for _, old := range p.Links.Unlinks {
		if old.UserID == u.UserID {
			return u.Until > old.Until
		}
	}
	return true
}

// BehindContribution tells whether a contribution could change touches that are folded. One that is older than the newest of
// those is not: it is out of date, and Apply will say so.
func (p *Person) BehindContribution(c *Contribution) bool {
	f := p.Own.Frozen
	if f == nil {
		return false
	}
	source := Source{}
	if known := p.Sources.Of(c.AnonymousID); known != nil {
		source = *known
	}
	switch {
	case c.Sweep:
		return source.Folded != Sequence{} && c.Sequence.Compare(source.Swept) > 0
	case int64(c.Day)*dayMillis < f.Until:
		return !source.outdated(c)
	}
	return slices.ContainsFunc(c.Touches, func(t journey.Touch) bool { return f.IDs.Has(t.MessageID) })
}

// outdated tells that a contribution to a day that is folded came too late.
func (s *Source) outdated(c *Contribution) bool {
	return c.Day < s.FoldedDay && c.Sequence.Compare(s.Folded) < 0
}

// Thaw makes of a person as ClickHouse has it the whole person: it adds what is kept of it, which ClickHouse may not have
// yet. What users have from others may then be newer than their rows.
func (p *Person) Thaw(kept *Person) {
	p.Own.Floor = max(p.Own.Floor, kept.Own.Floor)
	for i := range kept.Own.Touches {
		p.Own.Add(&kept.Own.Touches[i])
	}
	p.Own.Sort()
	for _, e := range kept.Links.Edges {
		p.Links.Add(e)
	}
	for _, u := range kept.Links.Unlinks {
		p.Links.Withdraw(u)
	}
	for i := range kept.Sources {
		s := &kept.Sources[i]
		p.Sources.Apply(&Contribution{AnonymousID: s.AnonymousID, Sequence: s.Swept, Sweep: true})
		for _, k := range s.Parts {
			part := Part{Day: k.Day, Number: k.Number}
			p.Sources.Apply(&Contribution{Part: part, AnonymousID: s.AnonymousID, Sequence: k.Sequence, Touches: k.Touches})
		}
	}
	p.Own.Reset(p.Own.Touches, p.Own.Floor) // nothing is new yet
	p.Unsure = kept.Unsure || len(p.Sources) > 0
}
