package e2e

import (
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/suite"
)

var baseline struct {
	once   sync.Once
	tables map[string]string
}

// undisturbed gives the tables of the merchandise data set after one plain import.
func undisturbed(t *testing.T) map[string]string {
	t.Helper()
	file := suite.Dataset(t, "google-merch-events.csv.gz")
	baseline.once.Do(func() {
		p := harness.New(t, suite.Sites)
		p.Start(t)
		suite.ImportFile(t, p, file, "google-merch-events.yaml", "merch-import", "719386 accepted")
		p.CaughtUp(t, 5*time.Minute)
		baseline.tables = p.Tables(t, "merch")
	})
	if baseline.tables == nil {
		t.Fatal("the undisturbed run has failed")
	}
	return baseline.tables
}
