package identity

import (
	"slices"

	"github.com/throughline/throughline/processor/journey"
)

// Share gives a function that tells, of times in Unix milliseconds in order, whether what was sent under the anonymous id then is to
// go when a user goes: it is the user's, or could be, since several users were seen and none afterwards. Nobody inherits it.
func (l *Links) Share(user string) func(at int64) bool {
	r := l.Resolver()
	if !slices.ContainsFunc(r.live, func(e Edge) bool { return e.UserID == user }) {
		return func(int64) bool { return false }
	}
	return func(at int64) bool {
		of, why := r.User(at)
		return of == user || why == Shared
	}
}

// Forget drops the own touches that go, which it asks for in order, and gives them. The set must be sorted and nothing folded.
func (p *Person) Forget(goes func(*journey.Touch) bool) (gone []journey.Touch) {
	var kept []journey.Touch
	for i := range p.Own.Touches {
		if t := &p.Own.Touches[i]; goes(t) {
			gone = append(gone, *t)
		} else {
			kept = append(kept, *t)
		}
	}
	frozen := p.Own.Frozen
	p.Own.Reset(kept, p.Own.Floor)
	p.Own.Frozen = frozen
	return gone
}

// Forget drops the edges up to a time in Unix milliseconds, and the unlinks, of one user, or of all where user is "". It gives the
// edges.
func (l *Links) Forget(user string, until int64) (gone []Edge) {
	var kept []Edge
	for _, e := range l.Edges {
		if e.At <= until && (user == "" || e.UserID == user) {
			gone = append(gone, e)
		} else {
			kept = append(kept, e)
		}
	}
	l.Edges = kept
	l.Unlinks = slices.DeleteFunc(slices.Clone(l.Unlinks), func(u Unlink) bool { return user == "" || u.UserID == user })
	if len(l.Unlinks) == 0 {
		l.Unlinks = nil
	}
	return gone
}

// Forget drops the touches that were received up to a time in Unix microseconds. Its parts stay, for their sequences.
func (s *Source) Forget(until int64) {
	s.Parts = slices.Clone(s.Parts)
	for i := range s.Parts {
		k := &s.Parts[i]
		k.Touches = slices.DeleteFunc(slices.Clone(k.Touches), func(t journey.Touch) bool { return t.ReceivedAt <= until })
	}
}

// Forget drops the touches from an anonymous id that were received up to a time in Unix microseconds, and the source when it has no
// others.
func (s *Sources) Forget(anonymousID string, until int64) {
	if from := s.Of(anonymousID); from != nil {
		from.Forget(until)
		s.dropEmpty(func(f *Source) bool { return f.AnonymousID == anonymousID })
	}
}

// ForgetEmpty drops the sources that have no touches.
func (s *Sources) ForgetEmpty() { s.dropEmpty(func(*Source) bool { return true }) }

func (s *Sources) dropEmpty(which func(*Source) bool) {
	*s = slices.DeleteFunc(*s, func(f Source) bool { return f.Touches() == 0 && which(&f) })
	if len(*s) == 0 {
		*s = nil
	}
}

// Nobody tells that nothing is kept of the person.
func (p *Person) Nobody() bool { return len(p.Own.Touches) == 0 && p.Own.Frozen == nil && p.Alone() }
