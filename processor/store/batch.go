package store

import (
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Batch is what one flush writes. Any of the lists may be empty.
type Batch struct {
	Touchpoints []*TouchpointRow
	Sessions    []journey.Session
	Journeys    []journey.Journey
	Transitions []journey.Transition
	Identities  []Identity
	Rejected    []*touchpoint.Rejection
}

// TouchpointRow is a touchpoint with what the processor found out about it.
type TouchpointRow struct {
	*touchpoint.Touchpoint
	Bucket uint16
	// As sent or by the rules, and which rule.
	Stage                   stages.Stage
	StageRule, RulesVersion string
	// Of two rows with the same customer, day and message id the one with the greater version wins.
	Version uint64
	Deleted bool
}

// Identity says that a user was seen on an anonymous id.
type Identity struct {
	Site, AnonymousID, UserID string
	// Unix milliseconds.
	AssertedAt int64
	// What asserted it.
	Source  string
	Version uint64
	Deleted bool
}

// Names of the tables that the store writes.
const (
	TableTouchpoints = "touchpoints_log"
	TableSessions    = "sessions_log"
	TableJourneys    = "journeys_log"
	TableTransitions = "stage_transitions_log"
	TableIdentities  = "identities_log"
	TableRejected    = "rejected_touchpoints_log"
)

// pointers lets the columns take rows without copying them.
func pointers[T any](rows []T) []*T {
	p := make([]*T, len(rows))
	for i := range rows {
		p[i] = &rows[i]
	}
	return p
}

func deleted(d bool) uint8 {
	if d {
		return 1
	}
	return 0
}
