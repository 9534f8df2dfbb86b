package identity

import (
	"cmp"
	"slices"
	"strings"

	"github.com/throughline/throughline/processor/journey"
)

// Sequence tells which of two contributions is newer. It grows with what an anonymous id's owner has applied: first the
// number of partitions of the topic, then the offset behind the id's last record. Zero is older than any record.
type Sequence struct {
	Partitions int32
	Offset     int64
}

// Compare orders sequences.
func (s Sequence) Compare(o Sequence) int {
	return cmp.Or(cmp.Compare(s.Partitions, o.Partitions), cmp.Compare(s.Offset, o.Offset))
}

// Contribution says which touches of an anonymous id a user has in one part of a day.
type Contribution struct {
	Part
	// Every part with a lesser sequence is void; nothing of Part but the user counts.
	Sweep       bool
	AnonymousID string
	Sequence    Sequence
	// Ordered by journey.Compare.
	Touches []journey.Touch
}

func (c Contribution) compare(o Contribution) int { return c.Compare(o.Part) }

// Kept is the latest contribution for one part of a day.
type Kept struct {
	Day      int32
	Number   uint32
	Sequence Sequence
	Touches  []journey.Touch
}

// Source is what a user has from one anonymous id.
type Source struct {
	AnonymousID string
	// What is older than this does not count any more.
	Swept Sequence
	// Ordered by day and number. A part without touches is kept for its sequence.
	Parts []Kept
	// The parts of the days before this one are folded, and the newest of them had this sequence.
	FoldedDay int32
	Folded    Sequence
}

// Sources is what a user has from anonymous ids, ordered by them.
type Sources []Source

// Apply takes a contribution and tells whether anything changed, if only a sequence. An older one never takes the place of a
// newer one, so any order and any repetition end in the same.
func (s *Sources) Apply(c *Contribution) (changed bool) {
	at, found := slices.BinarySearchFunc(*s, c.AnonymousID, func(a Source, id string) int { return strings.Compare(a.AnonymousID, id) })
	if !found {
		*s = slices.Insert(*s, at, Source{AnonymousID: c.AnonymousID})
	}
	source := &(*s)[at]
	if c.Sweep {
		return source.sweep(c.Sequence) || !found
	}
	return source.put(c) || !found
}

func (s *Source) sweep(until Sequence) bool {
	if until.Compare(s.Swept) <= 0 {
		return false
	}
	s.Swept = until
	s.Parts = slices.DeleteFunc(s.Parts, func(k Kept) bool { return k.Sequence.Compare(until) < 0 })
	return true
}

func (s *Source) put(c *Contribution) bool {
	kept := Kept{Day: c.Day, Number: c.Number, Sequence: c.Sequence, Touches: c.Touches}
	at, found := slices.BinarySearchFunc(s.Parts, kept, func(a, b Kept) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Number, b.Number))
	})
	switch {
	case c.Sequence.Compare(s.Swept) < 0 || s.outdated(c):
		return false
	case !found:
		s.Parts = slices.Insert(s.Parts, at, kept)
		return true
	case c.Sequence.Compare(s.Parts[at].Sequence) < 0:
		return false
	}
	old := s.Parts[at]
	s.Parts[at] = kept
	return c.Sequence != old.Sequence || !slices.Equal(old.Touches, c.Touches)
}

// Latest is the greatest sequence that was taken from the source.
func (s *Source) Latest() Sequence {
	latest := s.Swept
	if s.Folded.Compare(latest) > 0 {
		latest = s.Folded
	}
	for _, k := range s.Parts {
		if k.Sequence.Compare(latest) > 0 {
			latest = k.Sequence
		}
	}
	return latest
}

// Unite appends the own touches of the user and those of the sources to set, which is empty, and sorts it. Of two with one
// message id the one received first stays.
func (s Sources) Unite(own []journey.Touch, set *journey.Set) {
	for i := range own {
		set.Add(&own[i])
	}
	for _, source := range s {
		for _, part := range source.Parts {
			for i := range part.Touches {
				set.Add(&part.Touches[i])
			}
		}
	}
	set.Sort()
}

// Touches counts the touches of all parts.
func (s *Source) Touches() (n int) {
	for _, k := range s.Parts {
		n += len(k.Touches)
	}
	return n
}

// Of gives the source of an anonymous id, nil when there is none.
func (s Sources) Of(anonymousID string) *Source {
	for i := range s {
		if s[i].AnonymousID == anonymousID {
			return &s[i]
		}
	}
	return nil
}
