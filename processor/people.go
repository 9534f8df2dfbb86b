package processor

import (
	"slices"

	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// view gives the set that a customer's journeys are built of, and what of an anonymous id's touches users have. Of
// an anonymous id that is what no user has; of a user the own touches and those that anonymous ids contribute. It is valid until the
// next call.
func (c *cutter) view(p *identity.Person) (*journey.Set, identity.Shares) {
	switch {
	case !p.Links.Empty():
		shares, rest := p.Links.Split(p.Own.Touches, c.united.Touches[:0], c.partTouches)
		c.united.Reset(rest, newest(&p.Own))
		c.united.Frozen = p.Own.Frozen
		return &c.united, shares
	case len(p.Sources) > 0:
		c.united.Reset(c.united.Touches[:0], p.Own.Floor)
		p.Sources.Unite(p.Own.Touches, &c.united)
		c.united.Frozen = p.Own.Frozen
		return &c.united, nil
	}
	return &p.Own, nil
}

// newest is the greatest received_at, in microseconds, of any record that shaped the set.
func newest(set *journey.Set) uint64 {
	at := set.Floor
	for i := range set.Touches {
		at = max(at, uint64(max(set.Touches[i].ReceivedAt, 0)))
	}
	return at
}

// learn takes a record about ids. It tells whether it changed anything, and when what it is about was received, in microseconds.
func (c *cutter) learn(out *portion, p *identity.Person, it *item) (changed bool, at int64) {
	switch kind := it.record.Kind.(type) {
	case *touchpoint.Record_Link:
		out.links++
		return out.learnLink(p, it, kind.Link), kind.Link.ReceivedAt
	case *touchpoint.Record_Unlink:
		out.unlinks++
		return out.learnUnlink(p, it, kind.Unlink), kind.Unlink.ReceivedAt
	case *touchpoint.Record_Contribution:
		at = kind.Contribution.ReceivedAt
		if kind.Contribution.Rebuilt < c.rebuilt {
			// Its stages are of other rules. What it says was in ClickHouse when the user was restored from there.
			out.stale++
			return false, at
		}
		if changed = p.Sources.Apply(received(kind.Contribution)); !changed {
			out.stale++
			return false, at
		}
		out.applied++
		if until := c.gone.Until(erasure.Source, it.row.Site, kind.Contribution.AnonymousId, it.row.UserId); until > 0 {
			p.Sources.Of(kind.Contribution.AnonymousId).Forget(until)
		}
		if id := kind.Contribution.AnonymousId; !slices.Contains(out.sources, id) {
			out.sources = append(out.sources, id)
		}
	case *touchpoint.Record_Erase:
		c.erase(out, p, it, kind.Erase)
		return true, kind.Erase.ReceivedAt
	}
	return changed, at
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

func (p *portion) learnLink(who *identity.Person, it *item, l *touchpoint.Link) bool {
	edge := edgeOf(l)
	verdict, old := who.Links.Add(edge)
	if verdict == identity.Known {
		return false
	}
	if verdict == identity.Replaced {
		p.identity(it, old, false)
	}
	p.identity(it, edge, who.Links.Live(edge))
	return true
}

func (p *portion) learnUnlink(who *identity.Person, it *item, u *touchpoint.Unlink) bool {
	if !who.Links.Withdraw(unlinkOf(u)) {
		return false
	}
	p.batch.Unlinks = append(p.batch.Unlinks, store.Unlink{
		Site: u.Site, AnonymousID: u.AnonymousId, UserID: u.UserId, Bucket: it.row.Bucket,
		Until: u.Until, Reason: u.Reason, ReceivedAt: u.ReceivedAt,
	})
	for _, e := range who.Links.Edges {
		if e.UserID == u.UserId && !who.Links.Live(e) {
			p.identity(it, e, false)
		}
	}
	return true
}

// identity writes an edge of the item's customer, or its tombstone, which is for good.
func (p *portion) identity(it *item, e identity.Edge, live bool) {
	p.batch.Identities = append(p.batch.Identities, identityRow(it.row.Customer(), it.row.Bucket, e, live))
}

// deadVersion is the version of an edge's tombstone: nothing brings the edge back.
const deadVersion = ^uint64(0)

func identityRow(c touchpoint.Customer, bucket uint16, e identity.Edge, live bool) store.Identity {
	row := store.Identity{
		Site: c.Site, AnonymousID: c.ID, UserID: e.UserID, AssertedAt: e.At, Source: e.Source, Bucket: bucket, Version: 1,
	}
	if !live {
		row.Version, row.Deleted = deadVersion, true
	}
	return row
}

// contribute adds what users have to be told of an anonymous id's touches: what has changed, or everything when it is not sure
// what they were told.
func (c *cutter) contribute(out *portion, customer touchpoint.Customer, p *identity.Person, before, after identity.Shares, offset int64, all bool) error {
	changed := identity.Diff(before, after)
	out.stitched += max(after.Touches()-before.Touches(), 0)
	if all || len(c.told) > 0 {
		users := append(c.told, p.Links.Users()...)
		slices.Sort(users)
		changed = after.Everything(slices.Compact(users))
	}
	if len(changed) == 0 {
		return nil
	}
	at := newest(&p.Own)
	for i := range changed {
		changed[i].AnonymousID = customer.ID
		changed[i].Sequence = identity.Sequence{Partitions: c.partitions, Offset: offset + 1}
		message, err := sent(customer.Site, &changed[i], at, c.rebuilt)
		if err != nil {
			return err
		}
		out.contributions = append(out.contributions, message)
	}
	return nil
}

// taken notes how far the contributions of the sources have been taken, for whoever restores the user.
func (p *portion) taken(customer touchpoint.Customer, bucket uint16, who *identity.Person) {
	for _, id := range p.sources {
		from := who.Sources.Of(id)
		if from == nil {
			continue
		}
		latest := from.Latest()
		p.batch.Contributions = append(p.batch.Contributions, store.Contribution{
			Site: customer.Site, UserID: customer.ID, AnonymousID: id, Bucket: bucket,
			Partitions: latest.Partitions, Offset: latest.Offset, Touches: from.Touches(), Version: who.Own.Floor,
		})
	}
	p.sources = p.sources[:0]
}
