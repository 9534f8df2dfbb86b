package identity_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
)

const minute = 60_000

// seen makes links from edges in any order.
func seen(edges ...identity.Edge) *identity.Links {
	l := &identity.Links{}
	for _, e := range edges {
		l.Add(e)
	}
	return l
}

func edge(user string, at int64) identity.Edge {
	return identity.Edge{UserID: user, At: at, Source: "identify"}
}

func TestRule(t *testing.T) {
	for _, c := range []struct {
		name  string
		links *identity.Links
		// user and reason by time
		want map[int64]string
	}{
		{"nobody", seen(), map[int64]string{5: " no user was seen on it"}},
		{"one user claims what is before and after", seen(edge("u", 10)), map[int64]string{
			5: "u the next user seen on it", 10: "u the next user seen on it", 11: "u the only user seen on it"}},
		{"a second person claims nothing of the first", seen(edge("v", 20), edge("u", 10)), map[int64]string{
			10: "u the next user seen on it", 11: "v the next user seen on it", 20: "v the next user seen on it",
			21: " several users were seen on it, none afterwards"}},
		{"of two at one time the lesser id comes first", seen(edge("v", 10), edge("u", 10)), map[int64]string{
			10: "u the next user seen on it", 9: "u the next user seen on it", 11: " several users were seen on it, none afterwards"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for at, want := range c.want {
				user, why := c.links.Resolver().User(at)
				if got := fmt.Sprint(user, " ", why); got != want {
					t.Errorf("at %d: %q, want %q", at, got, want)
				}
			}
		})
	}
}

func TestWindows(t *testing.T) {
	track := func(at int64) identity.Edge { return identity.Edge{UserID: "u", At: at, Source: "track"} }
	l := &identity.Links{}
	steps := []struct {
		edge identity.Edge
		want identity.Verdict
	}{
		{track(15 * minute), identity.Added},
		{track(16 * minute), identity.Known},
		{track(12 * minute), identity.Replaced},
		{track(20 * minute), identity.Added},      // the next window
		{edge("u", 17*minute), identity.Added},    // exact
		{edge("u", 17*minute), identity.Known},    // again
		{track(11*minute + 1), identity.Replaced}, // earlier still
		{edge("u", 10*minute+1), identity.Added},  // exact ones never stand in for others
		{track(10*minute + 2), identity.Replaced}, // nor hold them back
		{edge("v", 10*minute+1), identity.Added},  // another user
		{track(10*minute - 1), identity.Added},    // the window before
	}
	for i, s := range steps {
		if got, _ := l.Add(s.edge); got != s.want {
			t.Fatalf("step %d: %v, want %v", i, got, s.want)
		}
	}
	var at []int64
	for _, e := range l.Edges {
		at = append(at, e.At)
	}
	if want := []int64{10*minute - 1, 10*minute + 1, 10*minute + 1, 10*minute + 2, 17 * minute, 20 * minute}; !reflect.DeepEqual(at, want) {
		t.Errorf("edges at %v, want %v", at, want)
	}
}

func TestUnlink(t *testing.T) {
	l := seen(edge("u", 10), edge("v", 20))
	if !l.Withdraw(identity.Unlink{UserID: "v", Until: 20}) || l.Withdraw(identity.Unlink{UserID: "v", Until: 19}) {
		t.Error("the first unlink says something new, the second does not")
	}
	if user, why := l.Resolver().User(15); user != "u" || why != identity.Before {
		t.Errorf("%q, %v: v is withdrawn, so u is the only one", user, why)
	}
	l.Add(edge("v", 21))
	if user, _ := l.Resolver().User(15); user != "v" {
		t.Errorf("%q: v was seen again after the unlink", user)
	}
	l.Withdraw(identity.Unlink{UserID: "v", Until: identity.Forever})
	if user, _ := l.Resolver().User(15); user != "u" {
		t.Errorf("%q: v is withdrawn for good", user)
	}
	if got := l.Users(); !reflect.DeepEqual(got, []string{"u", "v"}) {
		t.Errorf("%v", got)
	}
}

// TestGreatDaysAreDivided: no contribution grows without bound, and together they are the whole.
func TestGreatDaysAreDivided(t *testing.T) {
	var touches []journey.Touch
	for i := range 1000 {
		touches = append(touches, journey.Touch{MessageID: journey.PackMessageID(fmt.Sprint("m", i)), OccurredAt: int64(i)})
	}
	shares, rest := seen(edge("u", 1)).Split(touches, nil, 100)
	if len(rest) != 0 || len(shares) != 16 {
		t.Fatalf("%d touches left, %d parts", len(rest), len(shares))
	}
	n := 0
	for part, touches := range shares {
		n += len(touches)
		if len(touches) > 150 || part.Number < 16 || part.Number > 31 {
			t.Errorf("%v has %d touches", part, len(touches))
		}
	}
	if n != 1000 {
		t.Errorf("%d touches in all", n)
	}
}

// FuzzLinks: the edges stay ordered and one a window, whatever comes.
func FuzzLinks(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		l := &identity.Links{}
		windows := map[string]bool{}
		for len(data) >= 3 {
			e := identity.Edge{UserID: string(rune('a' + data[0]%3)), At: int64(data[1]) * minute / 2, Source: []string{"track", "page", "identify"}[data[2]%3]}
			l.Add(e)
			data = data[3:]
		}
		for i, e := range l.Edges {
			if i > 0 && l.Edges[i-1].Compare(e) >= 0 {
				t.Fatalf("out of order: %v", l.Edges)
			}
			key := fmt.Sprint(e.UserID, e.At/(10*minute))
			if e.Source != "identify" {
				if windows[key] {
					t.Fatalf("two in a window: %v", l.Edges)
				}
				windows[key] = true
			}
		}
	})
}
