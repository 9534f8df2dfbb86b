package processor

import "github.com/throughline/throughline/processor/journey"

// repairs count what late touchpoints have changed.
type repairs struct {
	// Sessions that are part of another one now, and journeys that differ in more than having gone on.
	merged, rewritten int
}

// add compares the rows of one customer before and after a cut; both are in order of time.
func (r *repairs) add(before, after *journey.Rows) {
	r.merged += merged(before.Sessions, after.Sessions)
	r.rewritten += rewritten(before.Journeys, after.Journeys)
}

// merged counts the sessions of before that lie in one of after together with an earlier one of before.
func merged(before, after []journey.Session) (n int) {
	at, last := 0, -1
	for i := range before {
		for at < len(after) && after[at].EndedAt < before[i].StartedAt {
			at++
		}
		if at == len(after) || after[at].StartedAt > before[i].StartedAt {
			continue
		}
		if last == at {
			n++
		}
		last = at
	}
	return n
}

// rewritten counts the journeys of before that are gone, or that have other touches and the same end.
func rewritten(before, after []journey.Journey) (n int) {
	at := 0
	for i := range before {
		b := &before[i]
		for at < len(after) && after[at].StartedAt < b.StartedAt {
			at++
		}
		switch {
		case at == len(after) || after[at].ID != b.ID:
			n++
		case after[at].EndedAt == b.EndedAt && after[at].Touchpoints != b.Touchpoints:
			n++
		}
	}
	return n
}
