package journey

import (
	"cmp"
	"slices"
	"strings"
)

// Compare is the order inside a customer: when it occurred, its stage, its message id. It never depends on arrival.
func Compare(a, b *Touch) int {
	if c := cmp.Compare(a.OccurredAt, b.OccurredAt); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Stage, b.Stage); c != 0 {
		return c
	}
	return a.MessageID.Compare(b.MessageID)
}

// precedes tells which of two touches with one message id is kept: the one received first. Those received in the
// same microsecond are told apart by content, so that the choice does not depend on arrival. 0 is the same touch.
func precedes(a, b *Touch) int {
	return cmp.Or(
		cmp.Compare(a.ReceivedAt, b.ReceivedAt),
		cmp.Compare(a.OccurredAt, b.OccurredAt),
		cmp.Compare(a.Stage, b.Stage),
		compareBool(a.Passive, b.Passive),
		strings.Compare(a.Channel, b.Channel),
		strings.Compare(a.Campaign, b.Campaign),
		strings.Compare(a.Device, b.Device),
		strings.Compare(a.Country, b.Country),
		cmp.Compare(a.Revenue, b.Revenue),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Verdict is what became of one touch in a union.
type Verdict uint8

// A touch is new; the same as one there; replaces one with its message id; or is a duplicate that changes nothing.
const (
	Added Verdict = iota
	Same
	Replaced
	Duplicate
)

// Set is the touches of one customer, ordered by Compare, no two with one message id; the old ones may be folded.
type Set struct {
	Touches []Touch
	// What precedes the touches, nil when nothing is folded.
	Frozen *Frozen
	// Unix microseconds: the greatest received_at of a touch that was replaced, or whatever else the version of the rows
	// must not fall below.
	Floor uint64
	index map[MessageID]int
	dirty bool
}

// indexFrom is the size from which message ids are looked up in a map and not by a walk.
const indexFrom = 24

// Reset empties the set, so that nothing is folded, and fills it with touches that are ordered and unique.
func (s *Set) Reset(touches []Touch, floor uint64) {
	*s = Set{Touches: touches, Floor: floor}
}

// Add unites the set with one touch that is not Behind. With Replaced, old is the touch that went. Call Sort after the last Add.
func (s *Set) Add(t *Touch) (v Verdict, old Touch) {
	at := s.find(t.MessageID)
	if at < 0 {
		s.Touches = append(s.Touches, *t)
		if s.index != nil {
			s.index[t.MessageID] = len(s.Touches) - 1
		}
		s.dirty = true
		return Added, old
	}
	old = s.Touches[at]
	switch c := precedes(t, &old); {
	case c == 0:
		return Same, old
	case c > 0:
		return Duplicate, old
	}
	s.Touches[at] = *t
	s.Floor = max(s.Floor, uint64(max(old.ReceivedAt, 0)))
	s.dirty = true
	return Replaced, old
}

func (s *Set) find(id MessageID) int {
	if len(s.Touches) < indexFrom {
		for i := range s.Touches {
			if s.Touches[i].MessageID == id {
				return i
			}
		}
		return -1
	}
	if s.index == nil {
		s.index = make(map[MessageID]int, len(s.Touches)+8)
		for i := range s.Touches {
			s.index[s.Touches[i].MessageID] = i
		}
	}
	if at, ok := s.index[id]; ok {
		return at
	}
	return -1
}

// Sort restores the order after Add and tells whether the set has changed since Reset.
func (s *Set) Sort() (changed bool) {
	if !s.dirty {
		return false
	}
	slices.SortFunc(s.Touches, func(a, b Touch) int { return Compare(&a, &b) })
	s.index = nil
	return true
}
