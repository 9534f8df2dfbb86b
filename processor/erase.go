package processor

import (
	"cmp"
	"context"
	"slices"

	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// uncounted gives the stored touchpoints of some customers that take no part in journeys, such as bots'.
type uncounted func(customers []touchpoint.Customer) (map[touchpoint.Customer][]journey.Touch, error)

// know remembers marks from here on: records of what was erased are refused.
func (c *cutter) know(out *portion, marks []erasure.Mark) {
	c.gone = out.partition.gone.Learn(marks...)
	out.marks = append(out.marks, marks...)
	if c.everywhere != nil {
		c.everywhere.Learn(marks...)
	}
}

// refuses tells whether a record belongs to what was erased, and came back or came late. Of a user's touchpoint from an erased anonymous
// id only that id goes.
func (c *cutter) refuses(it *item) bool {
	switch kind := it.kind().(type) {
	case nil:
		tp := it.row.Touchpoint
		if tp.UserId != "" && tp.AnonymousId != "" && c.gone.Until(erasure.Source, tp.Site, tp.AnonymousId, tp.UserId) >= tp.ReceivedAt {
			tp.AnonymousId = ""
		}
		return tp.ReceivedAt <= c.gone.Customer(tp.Customer(), it.row.Bucket)
	case *touchpoint.Record_Link:
		return kind.Link.ReceivedAt <= c.gone.Pair(kind.Link.Site, kind.Link.AnonymousId, kind.Link.UserId)
	case *touchpoint.Record_Unlink:
		return kind.Unlink.ReceivedAt <= c.gone.Pair(kind.Unlink.Site, kind.Unlink.AnonymousId, kind.Unlink.UserId)
	case *touchpoint.Record_Contribution:
		from := kind.Contribution
		return from.ReceivedAt <= max(c.gone.Customer(from.Customer(), it.row.Bucket), c.gone.Until(erasure.Source, from.Site, from.AnonymousId, from.UserId))
	}
	return false
}

// kind is what a record about ids is, nil for a touchpoint.
func (it *item) kind() any {
	if it.record == nil {
		return nil
	}
	return it.record.Kind
}

// erases tells whether any record of a customer erases.
func (p *portion) erases(first *item) bool {
	if !p.pending.erasing {
		return false
	}
	for it := first; it != nil; it = it.next {
		if it.record.GetErase() != nil {
			return true
		}
	}
	return false
}

// erase makes go what the record says: out of the set and, by tombstones, out of the tables, until somebody deletes the rows.
func (c *cutter) erase(out *portion, who *identity.Person, it *item, e *touchpoint.Erase) {
	customer := it.row.Customer()
	out.scrub = append(out.scrub, it.row.Bucket)
	marks := erasure.Marks(e)
	if marks[0].Kind != erasure.Source && c.gone.Knows(marks[0]) {
		return // all of it is done and stored, and what came since is not what was meant
	}
	c.told = append(c.told, who.Links.Users()...)
	who.Own.Sort()
	touches := 0
	switch user := customer.Kind == touchpoint.KindUser; {
	case user && e.Part != "":
		who.Sources.Forget(e.Part, e.ReceivedAt)
	case user:
		touches = c.bury(out, who, it, e, func(int64) bool { return true })
		who.Sources.ForgetEmpty()
	default:
		own, aside := func(int64) bool { return true }, func(int64) bool { return true }
		if e.Part != "" {
			own, aside = who.Links.Share(e.Part), who.Links.Share(e.Part)
		}
		touches = c.bury(out, who, it, e, own) + c.buryAside(out, it, e, aside)
		for _, edge := range who.Links.Forget(e.Part, e.ReceivedAt/1000) {
			out.identity(it, edge, false)
		}
	}
	if customer.Kind == touchpoint.KindUser && e.Part == "" {
		touches += c.buryAside(out, it, e, func(int64) bool { return true })
	}
	who.Own.Floor = max(who.Own.Floor, uint64(e.ReceivedAt))
	c.know(out, marks)
	for i, m := range marks {
		row := store.Erasure{Mark: m, Version: 1}
		if i == 0 {
			row.Touchpoints, row.Version = touches, uint64(touches)+1 // that of a replay finds less
		}
		out.batch.Erasures = append(out.batch.Erasures, row)
	}
	out.erased++
}

// bury drops the own touches that go, and tombstones their rows.
func (c *cutter) bury(out *portion, who *identity.Person, it *item, e *touchpoint.Erase, goes func(at int64) bool) int {
	gone := who.Forget(func(t *journey.Touch) bool { return goes(t.OccurredAt) && t.ReceivedAt <= e.ReceivedAt })
	for i := range gone {
		out.tombstone(it, &gone[i])
	}
	return len(gone)
}

// buryAside tombstones the rows that go of those that take no part in journeys.
func (c *cutter) buryAside(out *portion, it *item, e *touchpoint.Erase, goes func(at int64) bool) (n int) {
	aside := c.aside[it.row.Customer()]
	slices.SortFunc(aside, func(a, b journey.Touch) int { return cmp.Compare(a.OccurredAt, b.OccurredAt) })
	for i := range aside {
		if goes(aside[i].OccurredAt) && aside[i].ReceivedAt <= e.ReceivedAt {
			out.tombstone(it, &aside[i])
			n++
		}
	}
	return n
}

// tombstone hides the row of a touchpoint for good, whatever copy of it comes.
func (p *portion) tombstone(it *item, t *journey.Touch) {
	tp := &touchpoint.Touchpoint{Site: it.row.Site, MessageId: t.MessageID.Text(), OccurredAt: t.OccurredAt, ReceivedAt: t.ReceivedAt}
	tp.UserId, tp.AnonymousId = it.row.UserId, it.row.AnonymousId
	p.batch.Touchpoints = append(p.batch.Touchpoints, &store.TouchpointRow{Touchpoint: tp, Bucket: it.row.Bucket, Version: deadVersion, Deleted: true})
}

// readAside reads what belongs to erased customers and takes no part in journeys.
func (c *cutter) readAside(out *portion, firsts []*item) (err error) {
	var erased []touchpoint.Customer
	for _, first := range firsts {
		if out.erases(first) {
			erased = append(erased, first.row.Customer())
		}
	}
	c.aside = nil
	if len(erased) > 0 && c.uncounted != nil {
		c.aside, err = c.uncounted(erased)
	}
	return err
}

// uncounted reads from ClickHouse, again and again while that is away.
func (o *owner) uncounted(ctx context.Context) uncounted {
	return func(customers []touchpoint.Customer) (found map[touchpoint.Customer][]journey.Touch, err error) {
		err = o.retry(ctx, "history", func() error {
			found = map[touchpoint.Customer][]journey.Touch{}
			return o.store.Touches(ctx, customers, func(t *store.TouchRow) error {
				if !o.counts(t.Customer.Site, t) {
					found[t.Customer] = append(found[t.Customer], t.Touch)
				}
				return nil
			})
		})
		return found, err
	}
}

// withoutErased drops what was erased of an anonymous id's edges and unlinks and is not deleted from the tables yet.
func withoutErased(l *store.LinkedID, gone *erasure.Known) {
	if gone == nil {
		return
	}
	until := func(user string) int64 {
		return max(gone.Pair(l.Site, l.AnonymousID, user), gone.Until(erasure.Source, l.Site, l.AnonymousID, user))
	}
	l.Edges = slices.DeleteFunc(l.Edges, func(e store.StoredEdge) bool { return e.Deleted && e.At*1000 <= until(e.UserID) })
	var unlinks []identity.Unlink
	for i, u := range l.Unlinks {
		if l.UnlinkedAt[i] > until(u.UserID) {
			unlinks = append(unlinks, u)
		}
	}
	l.Unlinks, l.UnlinkedAt = unlinks, nil
}

// learnErased gives a partition what was erased, as far as its state has come; later ones would refuse what is not in the state yet. The
// dead letter is about everybody, and asks ClickHouse.
func (o *owner) learnErased(ctx context.Context, p *partition) error {
	if p.topic == topics.Touchpoints {
		marks, err := o.state.Marks(int32(p.id))
		p.gone.Learn(marks...)
		return err
	}
	if o.gone.Known() != nil {
		return nil
	}
	return o.retry(ctx, "restore", func() error {
		marks, err := o.store.Erasures(ctx)
		o.gone.Learn(marks...)
		return err
	})
}

// rejections takes the refused events that name nobody who was erased.
func (c *cutter) rejections(out *portion) {
	var gone *erasure.Known
	if c.everywhere != nil {
		gone = c.everywhere.Known()
	}
	out.batch.Rejected = slices.DeleteFunc(out.pending.rejected, func(r *touchpoint.Rejection) bool {
		if !gone.Names(r) {
			return false
		}
		out.refused++
		return true
	})
}
