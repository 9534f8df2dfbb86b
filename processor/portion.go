package processor

import (
	"strings"

	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/state"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// portion is one partition's part of a flush: rows to write, and the state after it.
type portion struct {
	partition *partition
	pending   pending
	batch     store.Batch
	// The derived rows of the batch.
	rows journey.Rows
	// The sets that changed, one a customer, in the order of their keys.
	sets []change
	// The customers to reconcile, with the ids that Build gives them.
	reconcile map[touchpoint.Customer]*expected
	repairs   repairs
	// Records whose message id was there already and that changed nothing.
	duplicates int
	// received_at of the live touchpoints, for the delay until they can be queried.
	received []int64
	// What the owners of users are to be told.
	contributions []outgoing
	// Records about ids: links, unlinks, contributions that changed something and those that did not; and touches that went to users.
	links, unlinks, applied, stale, stitched int
	// The anonymous ids whose contributions the user at hand has taken.
	sources []string
	// Records of what was erased, and erasures; what is to be remembered of those, and the buckets whose past must leave the disk.
	refused, erased int
	marks           []erasure.Mark
	scrub           []uint16
	// The first records of customers that only their whole history can take.
	postponed []*item
}

// change is the new set of a customer, encoded, by state key.
type change struct {
	key  string
	blob []byte
}

func (a change) compare(b change) int { return strings.Compare(a.key, b.key) }

// expected is what a reconciled customer should have in ClickHouse.
type expected struct {
	ids     map[journey.ID]struct{}
	version uint64
}

// reserve makes room for what a cut usually gives: a touchpoint a record, and a row of each kind a customer.
func (p *portion) reserve(records, customers int) {
	p.batch.Touchpoints = make([]*store.TouchpointRow, 0, records)
	p.rows.Sessions = make([]journey.Session, 0, customers+customers/4)
	p.rows.Journeys = make([]journey.Journey, 0, customers+customers/8)
	p.rows.Transitions = make([]journey.Transition, 0, customers+customers/4)
	p.sets = make([]change, 0, customers)
	p.received = make([]int64, 0, records)
}

func (p *portion) touchpoint(it *item) {
	p.batch.Touchpoints = append(p.batch.Touchpoints, &it.row)
	if it.row.Source != sourceImport {
		p.received = append(p.received, it.row.ReceivedAt)
	}
}

// sourceImport marks historical touchpoints, whose receipt says nothing of delays.
const sourceImport = "import"

// dayOf is the day in the sort key of touchpoints.
func dayOf(occurredAt int64) int64 { return occurredAt / (24 * 3600 * 1000) }

// replace makes the row of a touchpoint win over the stored copy that was received later. Where that lies under another key it
// gets a tombstone, whose version is beaten by a copy that was received earlier still.
func (p *portion) replace(it *item, old *journey.Touch) {
	if old.ReceivedAt == it.touch.ReceivedAt {
		it.row.Version |= hashMask // the hash does not know which of the two precedes
	}
	if dayOf(old.OccurredAt) == dayOf(it.touch.OccurredAt) {
		return
	}
	dead := *it
	dead.row.Touchpoint = &touchpoint.Touchpoint{
		Site: it.row.Site, MessageId: it.row.MessageId, UserId: it.row.UserId, AnonymousId: it.row.AnonymousId,
		OccurredAt: old.OccurredAt, ReceivedAt: old.ReceivedAt,
	}
	dead.row.Deleted = true
	p.batch.Touchpoints = append(p.batch.Touchpoints, &dead.row)
}

func (p *portion) expect(c touchpoint.Customer, rows *journey.Rows) {
	p.reconcile[c] = expectedOf(rows)
}

func expectedOf(rows *journey.Rows) *expected {
	e := &expected{ids: map[journey.ID]struct{}{}, version: rows.Version()}
	for i := range rows.Sessions {
		e.ids[rows.Sessions[i].ID] = struct{}{}
	}
	for i := range rows.Journeys {
		e.ids[rows.Journeys[i].ID] = struct{}{}
	}
	for i := range rows.Transitions {
		e.ids[rows.Transitions[i].ID] = struct{}{}
	}
	return e
}

// keep puts the new set of a customer into the portion; an empty one is no set.
func (p *portion) keep(key string, who *identity.Person, size int) {
	blob := make([]byte, 0, size+spareBytes)
	if !who.Nobody() {
		blob = state.EncodePerson(blob, who)
	}
	p.sets = append(p.sets, change{key, blob})
}
