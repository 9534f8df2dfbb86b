package store

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	tables "github.com/throughline/throughline/schemas/clickhouse"
)

func TestApplyTwiceDoesNothing(t *testing.T) {
	s, conn := openDatabase(t, nil)
	applied, err := tables.Apply(t.Context(), conn, tables.Form{Database: s.database})
	if err != nil || len(applied) != 0 {
		t.Errorf("the second time: %v, %v", applied, err)
	}
	if err := conn.Exec(t.Context(), "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (2, 'x', 'other', now64(3) + 1)"); err != nil {
		t.Fatal(err)
	}
	_, err = tables.Apply(t.Context(), conn, tables.Form{Database: s.database})
	if err == nil || !strings.Contains(err.Error(), "0002_sessions has changed since it was applied") {
		t.Errorf("a changed migration: %v", err)
	}
}

func TestWrittenRowsComeBack(t *testing.T) {
	s, conn := openDatabase(t, nil)
	b := oddBatch(300)
	for range 2 { // again: nothing is counted twice
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	compareTable(t, conn, TableTouchpoints, touchpointColumns(), b.Touchpoints)
	compareTable(t, conn, TableSessions, sessionColumns(), pointers(b.Sessions))
	compareTable(t, conn, TableJourneys, journeyColumns(), pointers(b.Journeys))
	compareTable(t, conn, TableTransitions, transitionColumns(), pointers(b.Transitions))
	compareTable(t, conn, TableIdentities, identityColumns(), pointers(b.Identities))
	compareTable(t, conn, TableRejected, rejectedColumns(), b.Rejected)
	for _, view := range []string{"touchpoints", "sessions", "journeys", "stage_transitions", "identities", "rejected_touchpoints", "customers"} {
		if one[uint64](t, conn, "SELECT count() FROM "+view) == 0 {
			t.Errorf("view %s is empty", view)
		}
	}
}

// compareTable compares all columns of all rows, in no order, in the form in which the driver reads them.
func compareTable[R any](t *testing.T, conn driver.Conn, table string, columns []column[R], rows []R) {
	t.Helper()
	b := &block[R]{columns: columns}
	b.fill(rows)
	want := make([]string, len(rows))
	sent := decoded(t, wire(t, b))
	for r := range rows {
		for i := range columns {
			want[r] += fmt.Sprintf("%v\x1f", sent.Columns[i].Row(r, false))
		}
	}
	var names []string
	for _, c := range columns {
		names = append(names, c.name())
	}
	got := readTable(t, conn, "SELECT "+strings.Join(names, ", ")+" FROM "+table+" FINAL")
	slices.Sort(want)
	slices.Sort(got)
	if len(got) != len(want) {
		t.Fatalf("%s has %d rows, want %d", table, len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s differs:\n got %q\nwant %q", table, got[i], want[i])
		}
	}
}

func readTable(t *testing.T, conn driver.Conn, query string) (lines []string) {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		values := make([]any, len(rows.Columns()))
		for i, c := range rows.ColumnTypes() {
			values[i] = reflect.New(c.ScanType()).Interface()
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		line := ""
		for _, v := range values {
			line += fmt.Sprintf("%v\x1f", reflect.ValueOf(v).Elem().Interface())
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestNewerVersionsReplaceAndTombstonesHide(t *testing.T) {
	s, conn := openDatabase(t, nil)
	b := &Batch{Sessions: oddSessions(4)}
	newer := oddSessions(1)[0]
	newer.Version, newer.Touchpoints = 100, 77
	older := oddSessions(2)[1]
	older.Version, older.Touchpoints = 0, 88
	gone := oddSessions(3)[2]
	gone.Version, gone.Deleted = 100, true
	b.Sessions = append(b.Sessions, newer, older, gone)
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if n := one[uint64](t, conn, "SELECT count() FROM sessions"); n != 3 {
		t.Errorf("%d sessions, want 3", n)
	}
	if n := one[uint64](t, conn, "SELECT sum(touchpoints) FROM sessions"); n != 77+3+3 {
		t.Errorf("touchpoints %d, want %d", n, 77+3+3)
	}
}

func TestOfEqualVersionsTheLastWrittenWins(t *testing.T) {
	s, conn := openDatabase(t, nil)
	live, gone := oddJourneys(6), oddJourneys(6)
	for i := range gone {
		gone[i].Deleted = true
	}
	for _, b := range []*Batch{
		{Journeys: append(slices.Clone(live[:2]), gone[:2]...)}, // in one insert
		{Journeys: live[2:4]},
		{Journeys: slices.Concat(gone[2:4], gone[4:])}, // in two
		{Journeys: live[4:]},
	} {
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	for _, settings := range []string{"", " SETTINGS do_not_merge_across_partitions_select_final = 1"} {
		if n := one[uint64](t, conn, "SELECT sum(cycle) FROM journeys"+settings); n != 4+5 {
			t.Errorf("cycles add up to %d, want 9%s", n, settings)
		}
	}
	if err := conn.Exec(t.Context(), "OPTIMIZE TABLE journeys_log FINAL"); err != nil {
		t.Fatal(err)
	}
	if n := one[uint64](t, conn, "SELECT sum(cycle) FROM journeys"); n != 4+5 {
		t.Errorf("merged, cycles add up to %d, want 9", n)
	}
}

func TestRefusedRowsAreIsolated(t *testing.T) {
	s, conn := openDatabase(t, nil)
	if err := conn.Exec(t.Context(), "ALTER TABLE touchpoints_log ADD CONSTRAINT poison CHECK event != 'poison'"); err != nil {
		t.Fatal(err)
	}
	b := oddBatch(100)
	for _, i := range []int{0, 41, 42, 99} {
		b.Touchpoints[i].Event = "poison"
	}
	err := s.Write(t.Context(), b)
	var rejected *RejectedError
	if !errors.As(err, &rejected) {
		t.Fatalf("error %v", err)
	}
	var indexes []int
	for _, p := range rejected.Rows {
		if p.Table != TableTouchpoints || p.Err == nil {
			t.Errorf("poison %+v", p)
		}
		indexes = append(indexes, p.Index)
	}
	if !slices.Equal(indexes, []int{0, 41, 42, 99}) {
		t.Errorf("poison at %v", indexes)
	}
	if n := one[uint64](t, conn, "SELECT count() FROM touchpoints_log FINAL"); n != 96 {
		t.Errorf("%d touchpoints, want 96", n)
	}
	if n := one[uint64](t, conn, "SELECT count() FROM sessions"); n != 100 {
		t.Errorf("%d sessions, want 100", n)
	}
}

func TestMissingTablesAreFatalAndSayWhatToDo(t *testing.T) {
	s, conn := openDatabase(t, nil)
	if err := conn.Exec(t.Context(), "DROP TABLE sessions_log"); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.Check(t.Context()), s.Write(t.Context(), oddBatch(2))} {
		if Classify(err) != Fatal || !strings.Contains(err.Error(), "throughline migrate") {
			t.Errorf("class %s of %v", Classify(err), err)
		}
	}
}
