package identity

// Why tells why a touch belongs where it does.
type Why uint8

// The reasons: no user was ever seen; the user was seen at or after the touch; the only user ever seen was seen before it;
// several users were seen, and none after it.
const (
	Nobody Why = iota
	Following
	Before
	Shared
)

// String says it in words.
func (w Why) String() string {
	switch w {
	case Following:
		return "the next user seen on it"
	case Before:
		return "the only user seen on it"
	case Shared:
		return "several users were seen on it, none afterwards"
	}
	return "no user was seen on it"
}

// Resolver answers for the touches of one anonymous id, which must be asked for in the order of time.
type Resolver struct {
	live []Edge
	next int
	only string // the user where there is only one
}

// Resolver begins with the edges that are not withdrawn.
func (l *Links) Resolver() *Resolver {
	r := &Resolver{}
	several := false
	for _, e := range l.Edges {
		if !l.Live(e) {
			continue
		}
		several = several || len(r.live) > 0 && r.live[0].UserID != e.UserID
		r.live = append(r.live, e)
	}
	if len(r.live) > 0 && !several {
		r.only = r.live[0].UserID
	}
	return r
}

// User gives the user that a touch at a time in Unix milliseconds belongs to, "" for nobody.
func (r *Resolver) User(at int64) (string, Why) {
	for r.next < len(r.live) && r.live[r.next].At < at {
		r.next++
	}
	switch {
	case r.next < len(r.live):
		return r.live[r.next].UserID, Following
	case len(r.live) == 0:
		return "", Nobody
	case r.only != "":
		return r.only, Before
	}
	return "", Shared
}

// Edge is the edge that decided the last answer; false where none did.
func (r *Resolver) Edge() (Edge, bool) {
	switch {
	case r.next < len(r.live):
		return r.live[r.next], true
	case r.only != "":
		return r.live[len(r.live)-1], true
	}
	return Edge{}, false
}

// Anybody tells whether any edge is left.
func (r *Resolver) Anybody() bool { return len(r.live) > 0 }
