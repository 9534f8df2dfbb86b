package store

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/throughline/throughline/schemas/stages"
)

// TestRereadIsLossless reads odd touchpoints whole and writes them again, with a greater version: every column is as it was.
func TestRereadIsLossless(t *testing.T) {
	s, conn := openDatabase(t, nil)
	const n = 300
	must(t, s.Write(t.Context(), &Batch{Touchpoints: oddTouchpoints(n)}))
	hash := func() (rows, sum uint64) {
		must(t, conn.QueryRow(t.Context(), `SELECT count(), groupBitXor(cityHash64(* EXCEPT (version))) FROM touchpoints_log FINAL`).Scan(&rows, &sum))
		return rows, sum
	}
	rows, before := hash()
	months, err := s.Months(t.Context(), "shop")
	must(t, err)
	read := uint64(0)
	for _, m := range months {
		var again Batch
		must(t, s.Reread(t.Context(), "shop", m.Month, func(r *TouchpointRow) error {
			r.Version++
			again.Touchpoints = append(again.Touchpoints, r)
			return nil
		}))
		if uint64(len(again.Touchpoints)) != m.Rows {
			t.Errorf("%d touchpoints of %d, want %d", len(again.Touchpoints), m.Month, m.Rows)
		}
		read += m.Rows
		must(t, s.Write(t.Context(), &again))
	}
	if got, after := hash(); got != rows || read != rows || after != before || rows != n {
		t.Fatalf("%d rows with the hash %d after %d were read, want %d with %d", got, after, read, rows, before)
	}
	var versions uint64
	must(t, conn.QueryRow(t.Context(), "SELECT count() FROM touchpoints_log").Scan(&versions))
	if versions != 2*n {
		t.Errorf("%d rows were written, want %d", versions, 2*n)
	}
}

// TestRereadHasEveryColumn: a column that is added to touchpoints and not read again would be emptied by a rebuild.
func TestRereadHasEveryColumn(t *testing.T) {
	for _, c := range touchpointColumns() {
		if slices.Contains([]string{"customer_kind", "customer_id", "is_deleted"}, c.name()) {
			continue // they follow from others
		}
		if !strings.Contains(strings.NewReplacer("(", " ", ")", " ", ",", " ").Replace(rereadColumns)+" ", c.name()+" ") {
			t.Errorf("%s is not read", c.name())
		}
	}
}

// TestPartsHaveWhatRulesLookAt reads touches part by part, of one site only.
func TestPartsHaveWhatRulesLookAt(t *testing.T) {
	s, _ := openDatabase(t, nil)
	all := oddTouchpoints(200)
	for _, row := range all[150:] {
		row.Site = "other"
	}
	must(t, s.Write(t.Context(), &Batch{Touchpoints: all}))
	want := map[string]*Given{}
	for _, r := range all[:150] {
		want[r.MessageId] = &Given{Event: r.Event, Type: r.Type, Path: r.Path, Properties: r.Properties, Sent: stages.Stage(r.Touchpoint.Stage), Rule: r.StageRule}
	}
	got := map[string]*Given{}
	for i := range 3 {
		must(t, s.PartTouches(t.Context(), Part{Site: "shop", Number: i, Of: 3}, func(r *TouchRow) error {
			got[r.Touch.MessageID.Text()] = r.Given
			return nil
		}))
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%d touches, want %d, or others", len(got), len(want))
	}
	if n, err := s.Parts(t.Context(), "shop"); err != nil || n != 1 {
		t.Errorf("%d parts, %v", n, err)
	}
}

// TestRebuildsComeBack gives of each site the steps of its last rebuild.
func TestRebuildsComeBack(t *testing.T) {
	s, _ := openDatabase(t, nil)
	want := []RebuildStep{
		{Site: "a", Rebuild: 7, Step: RebuildBegun, Parts: 3, Whole: true, RulesVersion: "2", RulesDigest: "d", At: day},
		{Site: "a", Rebuild: 7, Step: RebuildBuilt, Part: 2, Rows: 5, At: day + 1},
		{Site: "b", Rebuild: 5, Step: RebuildBegun, At: day},
		{Site: "b", Rebuild: 5, Step: RebuildFinished, At: day + 1},
	}
	for _, step := range append(want, RebuildStep{Site: "a", Rebuild: 6, Step: RebuildBegun, At: day}, want[1]) {
		must(t, s.NoteRebuild(t.Context(), step))
	}
	got, err := s.Rebuilds(t.Context())
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
