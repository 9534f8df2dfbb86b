package identity

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// Edge says that a user was seen on the anonymous id.
type Edge struct {
	UserID string
	// Unix milliseconds.
	At int64
	// The type of the touchpoint that said so.
	Source string
}

// Compare is the order of edges: time, user, source.
func (e Edge) Compare(o Edge) int {
	return cmp.Or(cmp.Compare(e.At, o.At), strings.Compare(e.UserID, o.UserID), strings.Compare(e.Source, o.Source))
}

// Unlink withdraws the edges of a user up to a time.
type Unlink struct {
	UserID string
	// Unix milliseconds; Forever withdraws also what is still to come.
	Until int64
}

// Forever is the Until of an unlink without end.
const Forever = math.MaxInt64

// Links is all that is known of who was seen on one anonymous id. The zero value is nothing.
type Links struct {
	// Edges in order. Of those that are not exact there is one for each user and window, the earliest.
	Edges []Edge
	// One for each user who was ever unlinked, ordered by user.
	Unlinks []Unlink
}

// Verdict is what became of an edge.
type Verdict uint8

// An edge is new; is there already, or an earlier one of its window is; or takes the place of a later one of its window.
const (
	Known Verdict = iota
	Added
	Replaced
)

// Add unites the edges with one more. With Replaced, old is the edge that went.
func (l *Links) Add(e Edge) (v Verdict, old Edge) {
	at, found := slices.BinarySearchFunc(l.Edges, e, Edge.Compare)
	if found {
		return Known, old
	}
	if !touchpoint.ExactLink(e.Source) {
		if same := l.sameWindow(e); same >= 0 {
			if old = l.Edges[same]; old.Compare(e) < 0 {
				return Known, old
			}
			l.Edges = slices.Delete(l.Edges, same, same+1)
			v = Replaced
		}
	}
	l.Edges = slices.Insert(l.Edges, at, e) // the one that went lay behind it
	return max(v, Added), old
}

// sameWindow finds the edge of the same user and window that is not exact, -1 for none.
func (l *Links) sameWindow(e Edge) int {
	window := touchpoint.Window(e.At)
	from := sort.Search(len(l.Edges), func(i int) bool { return touchpoint.Window(l.Edges[i].At) >= window })
	for i := from; i < len(l.Edges) && touchpoint.Window(l.Edges[i].At) == window; i++ {
		if l.Edges[i].UserID == e.UserID && !touchpoint.ExactLink(l.Edges[i].Source) {
			return i
		}
	}
	return -1
}

// Withdraw takes an unlink and tells whether it says anything new.
func (l *Links) Withdraw(u Unlink) (changed bool) {
	at, found := slices.BinarySearchFunc(l.Unlinks, u, func(a, b Unlink) int { return strings.Compare(a.UserID, b.UserID) })
	if !found {
		l.Unlinks = slices.Insert(l.Unlinks, at, u)
		return true
	}
	changed = u.Until > l.Unlinks[at].Until
	l.Unlinks[at].Until = max(l.Unlinks[at].Until, u.Until)
	return changed
}

// Live tells whether an edge is not withdrawn. What is withdrawn stays among the edges: it still is the earliest of its
// window, behind which a collector holds back others.
func (l *Links) Live(e Edge) bool {
	for _, u := range l.Unlinks {
		if u.UserID == e.UserID {
			return e.At > u.Until
		}
	}
	return true
}

// Has tells whether the edge is among those that are kept.
func (l *Links) Has(e Edge) bool {
	_, found := slices.BinarySearchFunc(l.Edges, e, Edge.Compare)
	return found
}

// Users lists everybody who was ever named, withdrawn or not, in order.
func (l *Links) Users() (users []string) {
	for _, e := range l.Edges {
		users = append(users, e.UserID)
	}
	for _, u := range l.Unlinks {
		users = append(users, u.UserID)
	}
	slices.Sort(users)
	return slices.Compact(users)
}

// Empty tells that nothing is known.
func (l *Links) Empty() bool { return len(l.Edges) == 0 && len(l.Unlinks) == 0 }
