package journey

// Frozen is what the touches before a line amount to. Build goes on from it as if it had seen them, but gives only those of
// their rows that a touch from the line on can still change. Sets may share one: it does not change once it is made.
type Frozen struct {
	// Unix milliseconds. What is folded occurred before it; what is not, at or after it.
	Until int64
	// When the last folded touch occurred, 0 when there is none. Unix milliseconds.
	Last int64
	// Of the folded touches: purchases, and journeys begun.
	Purchases, Cycles uint32
	// The journey that a touch from the line on may continue, nil when there is none. Customer and version are not kept.
	Journey *Journey
	// Of that journey: its stage visits, and when the last of them began (Unix milliseconds).
	Visits     uint32
	VisitSince int64
	// The session that a touch from the line on may continue, nil when there is none. Customer and version are not kept.
	Session *Session
	// The last campaign that an interactive touch of that session named.
	SessionCampaign string
	// The message ids of everything folded.
	IDs Prints
}

// Idle tells whether nothing can be continued: what is left are counts and message ids.
func (f *Frozen) Idle() bool { return f.Journey == nil && f.Session == nil }

// Note adds touches before the line, in order, to what is known to be folded. It is for whoever makes a summary.
func (f *Frozen) Note(touches []Touch) {
	if n := len(touches); n > 0 {
		f.Last = max(f.Last, touches[n-1].OccurredAt)
		f.IDs = f.IDs.with(touches)
	}
}

// Behind tells whether uniting the set with the touch would reach what is folded: it occurred before the line, or it may be
// a copy of a touch that is folded. Then only the whole set, nothing folded, can take it.
func (s *Set) Behind(t *Touch) bool {
	f := s.Frozen
	if f == nil {
		return false
	}
	if at := s.find(t.MessageID); at >= 0 {
		return t.OccurredAt < f.Until && precedes(t, &s.Touches[at]) < 0
	}
	return t.OccurredAt < f.Until || f.IDs.Has(t.MessageID)
}

// Stale tells, of the rows of a set before and after it was united with touches that are not Behind, whether folded rows
// have changed nevertheless: every transition carries its journey's device and country, and those may have become
// known or others by a touch that came, or by journeys that became one. Then the whole set must be built.
func (s *Set) Stale(before, after *Rows) bool {
	f := s.Frozen
	if f == nil || f.Journey == nil || f.Visits == 0 {
		return false
	}
	old, now := &before.Journeys[0], &after.Journeys[0]
	return old.Device != now.Device || old.Country != now.Country
}
