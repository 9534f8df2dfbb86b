package state

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

const (
	minute = int64(60_000)
	day    = 24 * 60 * minute
)

// visitor is a customer whose set is stored after each day and read before the next.
type visitor struct {
	r             *rand.Rand
	o             journey.Options
	b             *journey.Builder
	blob          []byte
	all           journey.Set
	table         map[journey.ID]any
	before, after journey.Rows
	late          []journey.Touch
}

var regular = touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: "regular"}

// touches are the visit of a day: some pages, now and then a purchase, and one page in ten that arrives days later.
func (v *visitor) touches(n int, midnight int64) (now []journey.Touch) {
	at := midnight + v.r.Int64N(20*60)*minute
	for i := range 3 {
		at += 1 + v.r.Int64N(10*minute)
		t := journey.Touch{
			MessageID: journey.PackMessageID(fmt.Sprintf("%08x-0000-4000-8000-%08x%04d", v.r.Uint32(), v.r.Uint32(), n)), OccurredAt: at,
			ReceivedAt: (at + v.r.Int64N(minute)) * 1000, Stage: stages.Stage(v.r.IntN(4)), Device: "mobile", Country: "DE",
			Channel: []string{"", "direct", "email", "paid search"}[v.r.IntN(4)], Campaign: []string{"", "spring"}[v.r.IntN(2)],
		}
		if i == 2 && v.r.IntN(30) == 0 {
			t.Stage, t.Revenue = stages.Purchase, 199_000
		}
		if v.r.IntN(10) == 0 { // its telephone was off
			t.ReceivedAt += (1 + v.r.Int64N(28)) * day * 1000
			v.late = append(v.late, t)
			continue
		}
		now = append(now, t)
	}
	due := func(t journey.Touch) bool { return t.ReceivedAt/1000 < midnight+day }
	for _, t := range v.late {
		if due(t) {
			now = append(now, t)
		}
	}
	v.late = slices.DeleteFunc(v.late, due)
	return now
}

// apply does with a day's touches what the processor does, and fails where those reach what is folded.
func (v *visitor) apply(t *testing.T, n int, touches []journey.Touch) {
	t.Helper()
	var set journey.Set
	if v.blob != nil {
		must(t, Decode(v.blob, nil, &set))
	}
	if n := len(set.Touches); n > 0 {
		v.b.Fold(regular, &set, v.o.Line(set.Touches[n-1].ReceivedAt/1000))
	}
	v.b.Build(regular, &set, &v.before)
	for i := range touches {
		if set.Behind(&touches[i]) {
			t.Errorf("day %d: a touch received in time is behind the line", n)
		}
		set.Add(&touches[i])
		v.all.Add(&touches[i])
	}
	set.Sort()
	v.b.Build(regular, &set, &v.after)
	if set.Stale(&v.before, &v.after) {
		t.Errorf("day %d: folded rows have changed", n)
	}
	var rows journey.Rows
	journey.Diff(&v.before, &v.after, &rows)
	write(v.table, rows)
	v.blob = Encode(nil, &set)
}

// write puts rows into a table as ClickHouse does; their versions do not count.
func write(table map[journey.ID]any, rows journey.Rows) {
	put := func(k *journey.Key, row any) {
		if k.Deleted {
			delete(table, k.ID)
			return
		}
		table[k.ID] = row
	}
	for _, s := range rows.Sessions {
		s.Version = 0
		put(&s.Key, s)
	}
	for _, j := range rows.Journeys {
		j.Version = 0
		put(&j.Key, j)
	}
	for _, tr := range rows.Transitions {
		tr.Version = 0
		put(&tr.Key, tr)
	}
}

// TestDailyVisitor: someone who comes every day for two years keeps a small state, never needs the past, and has exactly the rows that
// all touches give at once.
func TestDailyVisitor(t *testing.T) {
	const seed, years = 1, 2
	t.Logf("seed %d", seed)
	v := &visitor{r: rand.New(rand.NewPCG(seed, 7)), table: map[journey.ID]any{}, o: journey.Options{
		SessionGap: 30 * minute, JourneyTimeout: 30 * day, RepeatIsLoyalty: true, FreezeAfter: 31 * day,
	}}
	v.b = journey.NewBuilder(&v.o)
	sizes := make([]int, years)
	for n := range years * 365 {
		v.apply(t, n, v.touches(n, 1_700_000_000_000+int64(n)*day))
		sizes[n/365] = max(sizes[n/365], len(v.blob))
	}
	v.all.Sort()
	var rows journey.Rows
	v.b.Build(regular, &v.all, &rows)
	want := map[journey.ID]any{}
	write(want, rows)
	if !reflect.DeepEqual(v.table, want) {
		t.Errorf("%d rows in the table differ from the %d that all touches give", len(v.table), len(want))
	}
	whole := len(Encode(nil, &v.all))
	t.Logf("%d touches, %d bytes at most in the first year, %d in the second; %d if nothing were folded", len(v.all.Touches), sizes[0], sizes[1], whole)
	if sizes[1] > 16<<10 {
		t.Errorf("%d bytes of state, want at most 16 KiB", sizes[1])
	}
	// What grows is the prints of message ids.
	if grown := sizes[1] - sizes[0]; grown > 365*3*journey.PrintLength+1024 {
		t.Errorf("the state has grown by %d bytes in the second year", grown)
	}
	now := 1_700_000_000_000 + (years*365+40)*day
	var set journey.Set
	must(t, Decode(v.blob, nil, &set))
	until, dormant := v.o.Dormant(set.Touches[len(set.Touches)-1].OccurredAt, now)
	if !dormant {
		t.Fatal("forty days later the visitor is not dormant")
	}
	v.b.Fold(regular, &set, until)
	if blob := Encode(nil, &set); len(blob) > len(set.Frozen.IDs)+40 || !set.Frozen.Idle() {
		t.Errorf("a dormant visitor takes %d bytes beside the prints", len(blob)-len(set.Frozen.IDs))
	}
}
