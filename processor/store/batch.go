package store

import (
	"slices"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Batch is rows to write. Any of the lists may be empty.
type Batch struct {
	Touchpoints []*TouchpointRow
	Sessions    []journey.Session
	Journeys    []journey.Journey
	Transitions []journey.Transition
	Identities  []Identity
	Unlinks     []Unlink
	// How far users have taken what anonymous ids contribute.
	Contributions []Contribution
	Rejected      []*touchpoint.Rejection
	Erasures      []Erasure
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
	Source string
	// Of the anonymous id.
	Bucket  uint16
	Version uint64
	Deleted bool
}

// Unlink withdraws edges.
type Unlink struct {
	Site, AnonymousID, UserID string
	// Of the anonymous id.
	Bucket uint16
	// Unix milliseconds; 0 is for good.
	Until  int64
	Reason string
	// Unix microseconds.
	ReceivedAt int64
}

// Contribution says how far a user has taken what an anonymous id contributes.
type Contribution struct {
	Site, UserID, AnonymousID string
	// Of the user.
	Bucket uint16
	// The sequence of the newest contribution taken.
	Partitions int32
	Offset     int64
	// How many touches the user has from it.
	Touches int
	Version uint64
}

// Names of the tables that the store writes.
const (
	TableTouchpoints   = "touchpoints_log"
	TableSessions      = "sessions_log"
	TableJourneys      = "journeys_log"
	TableTransitions   = "stage_transitions_log"
	TableIdentities    = "identities_log"
	TableUnlinks       = "unlinks_log"
	TableContributions = "contributions_log"
	TableRejected      = "rejected_touchpoints_log"
	TableRebuilds      = "rebuilds_log"
	TableErasures      = "erasures_log"
)

// pointers lets the columns take rows without copying them.
func pointers[T any](lists ...[]T) []*T {
	n := 0
	for _, rows := range lists {
		n += len(rows)
	}
	p := make([]*T, 0, n)
	for _, rows := range lists {
		for i := range rows {
			p = append(p, &rows[i])
		}
	}
	return p
}

// of gives one list of each batch.
func of[T any](batches []*Batch, list func(*Batch) []T) [][]T {
	lists := make([][]T, len(batches))
	for i, b := range batches {
		lists[i] = list(b)
	}
	return lists
}

// Touchpoints gives the touchpoints of several batches in the order in which Write counts them.
func Touchpoints(batches []*Batch) []*TouchpointRow {
	return slices.Concat(of(batches, func(b *Batch) []*TouchpointRow { return b.Touchpoints })...)
}

func deleted(d bool) uint8 {
	if d {
		return 1
	}
	return 0
}
