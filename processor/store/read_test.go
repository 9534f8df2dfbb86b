package store

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/touchpoint"
)

func TestLiveKeys(t *testing.T) {
	s, _ := openDatabase(t, nil)
	b := oddBatch(60)
	dead := b.Sessions[7]
	dead.Version, dead.Deleted = 999, true
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), &Batch{Sessions: append(b.Sessions[:0:0], dead)}); err != nil {
		t.Fatal(err)
	}
	wanted := map[touchpoint.Customer]bool{}
	var asked []touchpoint.Customer
	for i := range len(odd) { // of one kind each: the other kind of the same id must not come back
		c := customer(i)
		wanted[c] = true
		asked = append(asked, c)
	}
	want := map[string]bool{}
	add := func(k LiveKey) {
		if wanted[k.Customer] && !k.Deleted {
			want[fmt.Sprintf("%+v", k)] = true
		}
	}
	for i := range b.Sessions {
		if i != 7 {
			add(LiveKey{Table: TableSessions, Key: b.Sessions[i].Key, At: b.Sessions[i].StartedAt})
		}
		add(LiveKey{Table: TableJourneys, Key: b.Journeys[i].Key, At: b.Journeys[i].StartedAt})
		add(LiveKey{Table: TableTransitions, Key: b.Transitions[i].Key, At: b.Transitions[i].At})
	}
	got := map[string]bool{}
	var again Batch
	if err := s.LiveKeys(t.Context(), asked, func(k LiveKey) error {
		got[fmt.Sprintf("%+v", k)] = true
		again.Tombstone(k, k.Version+1)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) || len(got) == 0 {
		t.Fatalf("%d keys, want %d:\n%v", len(got), len(want), got)
	}
	if err := s.Write(t.Context(), &again); err != nil {
		t.Fatal(err)
	}
	if err := s.LiveKeys(t.Context(), asked, func(k LiveKey) error { return fmt.Errorf("still there: %+v", k) }); err != nil {
		t.Error(err)
	}
}

func TestLiveKeysOfManyCustomers(t *testing.T) {
	s, _ := openDatabase(t, nil)
	if err := s.Write(t.Context(), oddBatch(3)); err != nil {
		t.Fatal(err)
	}
	asked := make([]touchpoint.Customer, 0, 2*keysPerQuery+1)
	for i := range 2 * keysPerQuery {
		asked = append(asked, touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: strings.Repeat("\x00'", 100) + fmt.Sprint(i)})
	}
	asked = append(asked, customer(2))
	n := 0
	if err := s.LiveKeys(t.Context(), asked, func(LiveKey) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	if n != 3 {
		t.Errorf("%d keys, want 3", n)
	}
}

func TestRestoreStreamsOnePartitionInOrder(t *testing.T) {
	s, _ := openDatabase(t, nil)
	b := oddBatch(300)
	b.Touchpoints[5].Deleted = true
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	for _, from := range []time.Time{{}, time.UnixMilli(day + 100*86_400_000)} {
		want := map[string]bool{}
		for i, r := range b.Touchpoints {
			if i != 5 && r.Bucket%4 == 1 && (from.IsZero() || r.OccurredAt >= from.UnixMilli()) {
				want[describe(touchRowOf(r))] = true
			}
		}
		var order []string
		got := map[string]bool{}
		if err := s.Restore(t.Context(), 1, 4, from, func(r *TouchRow) error {
			got[describe(r)] = true
			order = append(order, fmt.Sprintf("%s\x00%s\x00%s\x00%020d", r.Customer.Site, r.Customer.Kind, r.Customer.ID, r.Touch.OccurredAt))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) || len(got) == 0 {
			t.Errorf("from %v: %d touches, want %d", from, len(got), len(want))
		}
		if !slices.IsSorted(order) {
			t.Errorf("from %v: not in order", from)
		}
	}
}

func describe(r *TouchRow) string { return fmt.Sprintf("%q", fmt.Sprintf("%+v", *r)) }

func touchRowOf(r *TouchpointRow) *TouchRow {
	row := &TouchRow{
		Customer: r.Customer(), Bucket: r.Bucket, UserID: r.UserId, AnonymousID: r.AnonymousId, Currency: r.Currency, Bot: r.Bot,
	}
	row.Touch.MessageID = journey.PackMessageID(r.MessageId)
	row.Touch.OccurredAt, row.Touch.ReceivedAt, row.Touch.Stage, row.Touch.Passive = r.OccurredAt, r.ReceivedAt, r.Stage, r.Passive
	row.Touch.Channel, row.Touch.Campaign, row.Touch.Device, row.Touch.Country = r.Channel, r.Campaign, r.Device, r.Country
	row.Touch.Revenue = r.Revenue
	return row
}

func TestReadersStopAtTheFirstError(t *testing.T) {
	s, _ := openDatabase(t, nil)
	if err := s.Write(t.Context(), oddBatch(50)); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	calls := 0
	if err := s.Restore(t.Context(), 0, 1, time.Time{}, func(*TouchRow) error { calls++; return enough }); !errors.Is(err, enough) || calls != 1 {
		t.Errorf("restore: %v after %d calls", err, calls)
	}
	if err := s.LiveKeys(t.Context(), []touchpoint.Customer{customer(0)}, func(LiveKey) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("live keys: %v", err)
	}
}

// TestFloors: tombstones count, and so does each of the three tables.
func TestFloors(t *testing.T) {
	s, _ := openDatabase(t, nil)
	a, b := customer(1), customer(2)
	row := func(c touchpoint.Customer, version uint64, dead bool) journey.Key {
		return journey.Key{Customer: c, ID: journey.ID{1}, Version: version, Deleted: dead}
	}
	if err := s.Write(t.Context(), &Batch{
		Journeys:    []journey.Journey{{Key: row(a, 5, false), StartedAt: day}, {Key: row(b, 1, false), StartedAt: day}},
		Sessions:    []journey.Session{{Key: row(a, 9, true), StartedAt: day}},
		Transitions: []journey.Transition{{Key: row(b, 7, false), At: day}},
	}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Floors(t.Context(), []touchpoint.Customer{a, b, customer(3)})
	if want := map[touchpoint.Customer]uint64{a: 9, b: 7}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}
