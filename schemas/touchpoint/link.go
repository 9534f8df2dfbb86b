package touchpoint

// LinkWindow is the length in milliseconds of the windows within which one link for a pair of ids is enough: of the
// touchpoints of a pair that occurred in one window, the earliest asserts the pair, at its own time.
const LinkWindow = 10 * 60 * 1000

// Window numbers the window that a time in Unix milliseconds lies in.
func Window(at int64) int64 { return at / LinkWindow }

// ExactLink tells whether a touchpoint of this type asserts its pair at its own time whatever else lies in the window:
// that somebody says who they are is what these types are for.
func ExactLink(kind string) bool { return kind == "identify" || kind == "alias" }

// Link is what a touchpoint that carries both ids says about them, nil for any other.
func (t *Touchpoint) Link() *Link {
	if t.UserId == "" || t.AnonymousId == "" {
		return nil
	}
	l := &Link{}
	t.Linked(l)
	return l
}

// Linked fills the link of a touchpoint that carries both ids.
func (t *Touchpoint) Linked(l *Link) {
	l.Site, l.AnonymousId, l.UserId = t.Site, t.AnonymousId, t.UserId
	l.AssertedAt, l.Source, l.ReceivedAt = t.OccurredAt, t.Type, t.ReceivedAt
}

// Customer is the anonymous visitor, to whose bucket the record goes.
func (l *Link) Customer() Customer {
	return Customer{Site: l.Site, Kind: KindAnonymous, ID: l.AnonymousId}
}

// Customer is the anonymous visitor, to whose bucket the record goes.
func (u *Unlink) Customer() Customer {
	return Customer{Site: u.Site, Kind: KindAnonymous, ID: u.AnonymousId}
}

// Customer is the user, to whose bucket the record goes.
func (c *Contribution) Customer() Customer {
	return Customer{Site: c.Site, Kind: KindUser, ID: c.UserId}
}

// Customer is who the record is about.
func (e *Erase) Customer() Customer {
	if e.Kind == KindUser.String() {
		return Customer{Site: e.Site, Kind: KindUser, ID: e.Id}
	}
	return Customer{Site: e.Site, Kind: KindAnonymous, ID: e.Id}
}
