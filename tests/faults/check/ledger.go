// Package check takes what clients sent and what they were told, and the address of ClickHouse, and gives a verdict on the
// tables: what is lost, there twice, never sent, or there in another order or with other contents than it should be.
//
// Sessions, journeys and transitions are compared, row for row, with those that the rules give for the touchpoints that are
// there, computed at once and written into a second database. So no undisturbed run is needed beside the disturbed one.
package check

import "sync"

// Event is one touchpoint as a client sent it.
type Event struct {
	Site, MessageID, CustomerID, Name string
	// Unix milliseconds; 0 where the collector decides, which is not compared then.
	OccurredAt int64
	Stage      uint8
}

// key names an event in the ledger.
type key struct{ site, id string }

// Ledger remembers what was sent and what was acknowledged. It is safe for concurrent use.
type Ledger struct {
	mu    sync.Mutex
	sent  map[key]Event
	acked map[key]bool
}

// NewLedger makes an empty ledger.
func NewLedger() *Ledger { return &Ledger{sent: map[key]Event{}, acked: map[key]bool{}} }

// Sent notes events before they are posted: from then on they may be in the tables.
func (l *Ledger) Sent(events ...Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		l.sent[key{e.Site, e.MessageID}] = e
	}
}

// Acknowledged notes that the client was told that the event is durable: from then on it must be in the tables.
func (l *Ledger) Acknowledged(site, messageID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked[key{site, messageID}] = true
}

// Count gives how many events were sent and how many of them were acknowledged.
func (l *Ledger) Count() (sent, acknowledged int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.sent), len(l.acked)
}

// compare looks each stored touchpoint up and then each acknowledged one.
func (l *Ledger) compare(stored []Event, v *Verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := make(map[key]int, len(stored))
	for _, got := range stored {
		k := key{got.Site, got.MessageID}
		want, known := l.sent[k]
		switch seen[k]++; {
		case !known:
			v.add(Phantom, "touchpoints", got.MessageID, "was never sent")
		case seen[k] == 2:
			v.add(Duplicated, "touchpoints", got.MessageID, "is there more than once")
		case !want.same(got):
			v.add(Reordered, "touchpoints", got.MessageID, "is %+v, was sent as %+v", got, want)
		}
	}
	for k := range l.acked {
		if seen[k] == 0 {
			v.add(Lost, "touchpoints", k.id, "was acknowledged and is not there")
		}
	}
}

func (e Event) same(got Event) bool {
	if e.OccurredAt == 0 {
		got.OccurredAt = 0
	}
	return e == got
}
