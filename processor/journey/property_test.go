package journey

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

var (
	seeds = flag.Int("seeds", 10_000, "how many generated histories to compare with the oracle")
	seed  = flag.Uint64("seed", 0, "compare only the history of this seed")
)

var customer = touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: "u1"}

const (
	minute = int64(60_000)
	day    = 24 * 60 * minute
)

// history generates options and touches full of edges: ties, gaps exactly at a limit, midnights, duplicates whose content
// differs, passive touches, purchases.
func history(r *rand.Rand) (Options, []Touch) {
	zones := []*time.Location{nil, nil, time.UTC, mustZone("Pacific/Auckland"), mustZone("America/New_York")}
	o := Options{
		SessionGap: 30 * minute, JourneyTimeout: 30 * day,
		SessionMaxLength: pick(r, []int64{0, 0, 60 * minute, 4 * 60 * minute}), SplitOnCampaign: r.IntN(2) == 0,
		Midnight: pick(r, zones), CloseOnPurchase: r.IntN(2) == 0, RepeatIsLoyalty: r.IntN(2) == 0,
		RulesDate: pick(r, []uint64{0, 1_700_000_000_000_000}),
	}
	steps := []int64{0, 0, 1, minute, 29 * minute, 30 * minute, 30*minute + 1, 60 * minute, 60*minute + 1, 8 * 60 * minute,
		day, 29 * day, 30 * day, 30*day + 1}
	at := time.Date(2026, 3, 28, 22, 50, 0, 0, time.UTC).UnixMilli() + r.Int64N(day)
	touches := make([]Touch, 0, 64)
	for i := range 1 + r.IntN(40) {
		at += pick(r, steps)
		touches = append(touches, touch(r, i, at))
	}
	for range r.IntN(6) { // the same message again, sometimes with other content or received earlier
		t := pick(r, touches)
		if r.IntN(2) == 0 {
			t.ReceivedAt += r.Int64N(2_000) - 1_000
			t.OccurredAt += r.Int64N(3) - 1
			t.Revenue = r.Int64N(3)
		}
		touches = append(touches, t)
	}
	return o, touches
}

func touch(r *rand.Rand, i int, at int64) Touch {
	id := fmt.Sprintf("m%d", i)
	if r.IntN(2) == 0 {
		id = fmt.Sprintf("%08x-0000-4000-8000-%012x", r.Uint32(), i)
	}
	return Touch{
		MessageID: PackMessageID(id), OccurredAt: at, ReceivedAt: (at + r.Int64N(1000)) * 1000,
		Stage: stages.Stage(r.IntN(int(stages.Last) + 1)), Passive: r.IntN(4) == 0,
		Channel:  pick(r, []string{"", "direct", "email", "paid search"}),
		Campaign: pick(r, []string{"", "", "spring", "autumn"}),
		Device:   pick(r, []string{"", "mobile", "desktop"}),
		Country:  pick(r, []string{"", "DE", "NZ"}),
		Revenue:  r.Int64N(100) * 10_000,
	}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// TestBuildEqualsOracle folds each history into a set in random batches and order, keeps a table up to date by Diff alone,
// and compares both the rows built and the table with the oracle.
func TestBuildEqualsOracle(t *testing.T) {
	first, count := uint64(1), uint64(*seeds)
	if *seed != 0 {
		first, count = *seed, 1
	}
	for s := first; s < first+count; s++ {
		if err := compareSeed(s); err != nil {
			t.Fatalf("seed %d (run again with -seed=%d): %v", s, s, err)
		}
	}
	t.Logf("seeds %d to %d", first, first+count-1)
}

func compareSeed(s uint64) error {
	r := rand.New(rand.NewPCG(s, 1))
	o, touches := history(r)
	want := newOracle(o, customer, touches).build()

	r.Shuffle(len(touches), func(i, k int) { touches[i], touches[k] = touches[k], touches[i] })
	b := NewBuilder(&o)
	var set Set
	var before, after Rows
	table := map[ID]any{}
	for len(touches) > 0 {
		n := 1 + r.IntN(len(touches))
		for i := range touches[:n] {
			set.Add(&touches[i])
		}
		touches = touches[n:]
		set.Sort()
		b.Build(customer, &set, &after)
		var rows Rows
		Diff(&before, &after, &rows)
		apply(table, rows)
		before, after = after, before
	}
	wantTable := map[ID]any{}
	apply(wantTable, want)
	if before.Version() < want.Version() {
		return fmt.Errorf("version %d, want at least %d", before.Version(), want.Version())
	}
	built := map[ID]any{}
	apply(built, before)
	if !reflect.DeepEqual(withoutVersion(built), withoutVersion(wantTable)) {
		return fmt.Errorf("built\n%+v\nwant\n%+v", before, want)
	}
	if !reflect.DeepEqual(withoutVersion(table), withoutVersion(wantTable)) {
		return fmt.Errorf("table by differences\n%+v\nwant\n%+v", table, wantTable)
	}
	return nil
}

func apply(table map[ID]any, rows Rows) {
	for _, s := range rows.Sessions {
		put(table, s.Key, s)
	}
	for _, j := range rows.Journeys {
		put(table, j.Key, j)
	}
	for _, tr := range rows.Transitions {
		put(table, tr.Key, tr)
	}
}

func put(table map[ID]any, k Key, row any) {
	if k.Deleted {
		delete(table, k.ID)
		return
	}
	table[k.ID] = row
}

func withoutVersion(table map[ID]any) map[ID]any {
	out := map[ID]any{}
	for id, row := range table {
		switch r := row.(type) {
		case Session:
			r.Version = 0
			row = r
		case Journey:
			r.Version = 0
			row = r
		case Transition:
			r.Version = 0
			row = r
		}
		out[id] = row
	}
	return out
}

// TestDiffVersionsNeverFall checks what ReplacingMergeTree relies on: a key's version never goes down from one write to the next.
func TestDiffVersionsNeverFall(t *testing.T) {
	for s := uint64(1); s <= 500; s++ {
		r := rand.New(rand.NewPCG(s, 2))
		o, touches := history(r)
		r.Shuffle(len(touches), func(i, k int) { touches[i], touches[k] = touches[k], touches[i] })
		b := NewBuilder(&o)
		var set Set
		var before, after Rows
		last := map[ID]uint64{}
		for i := range touches {
			set.Add(&touches[i])
			set.Sort()
			b.Build(customer, &set, &after)
			var rows Rows
			Diff(&before, &after, &rows)
			for _, k := range keys(rows) {
				if k.Version < last[k.ID] {
					t.Fatalf("seed %d: version of %x falls from %d to %d", s, k.ID, last[k.ID], k.Version)
				}
				last[k.ID] = k.Version
			}
			before, after = after, before
		}
	}
}

func keys(rows Rows) (out []Key) {
	for _, s := range rows.Sessions {
		out = append(out, s.Key)
	}
	for _, j := range rows.Journeys {
		out = append(out, j.Key)
	}
	for _, tr := range rows.Transitions {
		out = append(out, tr.Key)
	}
	return out
}
