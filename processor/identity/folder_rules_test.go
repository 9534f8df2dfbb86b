package identity_test

import (
	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/touchpoint"
)

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
