package journey

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// folding keeps a customer as the processor does: a set that is folded now and then, the whole history where it is asked
// for, and a table that is kept by differences.
type folding struct {
	b                     *Builder
	set, whole            Set
	before, after         Rows
	table                 rowTable
	steps, folded, thawed int
}

// rowTable is what ClickHouse would have.
type rowTable struct {
	sessions    map[ID]Session
	journeys    map[ID]Journey
	transitions map[ID]Transition
}

func newRowTable() rowTable {
	return rowTable{map[ID]Session{}, map[ID]Journey{}, map[ID]Transition{}}
}

func (t rowTable) write(rows *Rows) rowTable {
	writeRows(t.sessions, rows.Sessions)
	writeRows(t.journeys, rows.Journeys)
	writeRows(t.transitions, rows.Transitions)
	return t
}

func writeRows[T any, P row[T]](table map[ID]T, rows []T) {
	for i := range rows {
		if k := P(&rows[i]).key(); k.Deleted {
			delete(table, k.ID)
		} else {
			table[k.ID] = rows[i]
		}
	}
}

// difference tells how what is in the table is not what rows say; with part the table may have more.
func (t rowTable) difference(rows *Rows, part bool) error {
	return errors.Join(differ(t.sessions, rows.Sessions, part), differ(t.journeys, rows.Journeys, part), differ(t.transitions, rows.Transitions, part))
}

func differ[T any, P row[T]](table map[ID]T, rows []T, part bool) error {
	for i := range rows {
		if got, ok := table[P(&rows[i]).key().ID]; !ok || !P(&got).equal(&rows[i]) {
			return fmt.Errorf("there %v: %+v, want\n%+v", ok, got, rows[i])
		}
	}
	if len(table) != len(rows) && !part {
		return fmt.Errorf("%d rows, want %d", len(table), len(rows))
	}
	return nil
}

// fold folds up to a line and checks that what is given afterwards is part of what was given before.
func (f *folding) fold(line int64) error {
	f.b.Build(customer, &f.set, &f.before)
	had := newRowTable().write(&f.before)
	f.b.Fold(customer, &f.set, line)
	f.b.Build(customer, &f.set, &f.after)
	if err := had.difference(&f.after, true); err != nil {
		return fmt.Errorf("folding up to %d changes a row: %w", line, err)
	}
	return nil
}

// take applies a batch, from the whole history if it reaches behind the line.
func (f *folding) take(batch []Touch) {
	f.steps++
	if f.set.Frozen != nil {
		f.folded++
	}
	behind := slices.ContainsFunc(batch, func(t Touch) bool { return f.set.Behind(&t) })
	if !behind {
		f.unite(batch)
	}
	if behind || f.set.Stale(&f.before, &f.after) {
		f.thawed++
		f.set.Reset(slices.Clone(f.whole.Touches), f.whole.Floor)
		f.unite(batch)
	}
	for i := range batch {
		f.whole.Add(&batch[i])
	}
	f.whole.Sort()
	var rows Rows
	Diff(&f.before, &f.after, &rows)
	f.table.write(&rows)
}

func (f *folding) unite(batch []Touch) {
	f.b.Build(customer, &f.set, &f.before)
	for i := range batch {
		f.set.Add(&batch[i])
	}
	f.set.Sort()
	f.b.Build(customer, &f.set, &f.after)
}

// check compares the table with what the whole history gives.
func (f *folding) check() error {
	var rows Rows
	NewBuilder(f.b.options).Build(customer, &f.whole, &rows)
	if f.after.Version() != rows.Version() {
		return fmt.Errorf("version %d, want %d", f.after.Version(), rows.Version())
	}
	return f.table.difference(&rows, false)
}

// arrive puts touches into an order of arrival: by time, nearly by time, or any.
func arrive(r *rand.Rand, touches []Touch) {
	slices.SortStableFunc(touches, func(a, b Touch) int { return Compare(&a, &b) })
	reach := []int{1, 1, 4, len(touches)}[r.IntN(4)]
	for i := range touches {
		k := min(i+r.IntN(reach), len(touches)-1)
		touches[i], touches[k] = touches[k], touches[i]
	}
}

// TestFreezingChangesNothing folds histories at every step, up to any line, and compares the table that is kept by
// differences with what the whole history gives, after every step, and in the end with the oracle.
func TestFreezingChangesNothing(t *testing.T) {
	first, count := uint64(1), uint64(*seeds)
	if *seed != 0 {
		first, count = *seed, 1
	}
	var steps, folded, thawed int
	for s := first; s < first+count; s++ {
		f, err := compareFolded(s)
		if err != nil {
			t.Fatalf("seed %d (run again with -seed=%d): %v", s, s, err)
		}
		steps, folded, thawed = steps+f.steps, folded+f.folded, thawed+f.thawed
	}
	t.Logf("seeds %d to %d: %d steps, %d with something folded, %d of those read the whole", first, first+count-1, steps, folded, thawed)
	if *seed == 0 && (folded*2 < steps || thawed == 0 || thawed*2 > folded) {
		t.Error("the histories must fold often and read the whole seldom to prove anything")
	}
}

func compareFolded(s uint64) (*folding, error) {
	r := rand.New(rand.NewPCG(s, 3))
	o, touches := history(r)
	arrive(r, touches)
	all := slices.Clone(touches)
	f := &folding{b: NewBuilder(&o), table: newRowTable()}
	for len(touches) > 0 {
		if err := f.foldSomewhere(r, touches[0].OccurredAt); err != nil {
			return f, err
		}
		n := 1 + r.IntN(min(3, len(touches)))
		f.take(touches[:n])
		touches = touches[n:]
		if s%8 != 0 { // every step of some, the end of all
			continue
		}
		if err := f.check(); err != nil {
			return f, fmt.Errorf("with %d touches to come: %w", len(touches), err)
		}
	}
	want := newOracle(o, customer, all).build()
	if err := f.table.difference(&want, false); err != nil {
		return f, fmt.Errorf("not what the oracle says: %w", err)
	}
	return f, f.check()
}

// foldSomewhere folds up to the next touch, or some way before or behind it, or all if the customer is dormant by then.
func (f *folding) foldSomewhere(r *rand.Rand, next int64) error {
	last := int64(0)
	if f.set.Frozen != nil {
		last = f.set.Frozen.Last
	}
	if n := len(f.set.Touches); n > 0 {
		last = f.set.Touches[n-1].OccurredAt
	}
	if until, ok := f.b.options.Dormant(last, next); ok && last > 0 && r.IntN(2) == 0 {
		if err := f.fold(until); err != nil {
			return err
		}
		if len(f.set.Touches) > 0 || !f.set.Frozen.Idle() {
			return fmt.Errorf("a dormant customer keeps %d touches and %+v", len(f.set.Touches), f.set.Frozen)
		}
		return nil
	}
	if r.IntN(4) == 0 {
		return nil
	}
	return f.fold(next + pick(r, []int64{-40 * day, -day, -30 * minute, -1, 0, 0, 0, 0, 1, minute}))
}
