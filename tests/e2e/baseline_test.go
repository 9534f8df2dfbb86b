package e2e

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

var baseline struct {
	once   sync.Once
	tables map[string]string
}

// undisturbed gives the tables of the merchandise data set after one plain import.
func undisturbed(t *testing.T) map[string]string {
	t.Helper()
	file := dataset(t, "google-merch-events.csv.gz")
	baseline.once.Do(func() {
		p := harness.New(t, sites)
		p.Start(t)
		importFile(t, p, file, "google-merch-events.yaml", "merch-import", "719386 accepted")
		p.CaughtUp(t, 5*time.Minute)
		baseline.tables = p.Tables(t, "merch")
	})
	if baseline.tables == nil {
		t.Fatal("the undisturbed run has failed")
	}
	return baseline.tables
}

// sameTables compares dumps and shows where they begin to differ.
func sameTables(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range want {
		g, w := strings.Split(got[name], "\n"), strings.Split(want[name], "\n")
		if got[name] == want[name] {
			t.Logf("%s: %d rows, equal", name, len(w))
			continue
		}
		for i := range w {
			if i >= len(g) || g[i] != w[i] {
				line := "(end)"
				if i < len(g) {
					line = g[i]
				}
				t.Errorf("%s: %d rows, want %d; first difference at row %d:\n got %.600s\nwant %.600s", name, len(g), len(w), i, line, w[i])
				break
			}
		}
		if len(g) > len(w) {
			t.Errorf("%s: %d rows, want %d", name, len(g), len(w))
		}
	}
}
