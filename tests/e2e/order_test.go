package e2e

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/suite"
)

// TestOrderDuplicatesAndBatchesDoNotMatter imports the rows shuffled and with 5 % of them twice, in requests of 7 and flushes
// of at most 5,000 records, and wants the tables of the plain import.
func TestOrderDuplicatesAndBatchesDoNotMatter(t *testing.T) {
	const seed = 11
	t.Logf("seed %d", seed)
	want := undisturbed(t)
	file := suite.Shuffled(t, suite.Dataset(t, "google-merch-events.csv.gz"), rand.New(rand.NewPCG(seed, 1)), 0.05)
	p := harness.New(t, suite.Sites, "PROCESSOR_FLUSH_RECORDS=5000", "UP_PARTITIONS=3")
	p.Start(t)
	suite.ImportFile(t, p, file, "google-merch-events.yaml", "merch-import", " 0 rejected", "--batch", "7", "--in-flight", "16")
	p.CaughtUp(t, 5*time.Minute)
	suite.SameTables(t, p.Tables(t, "merch"), want)
}

// TestSingleEventRequests imports a data set in order and, into another pipeline, shuffled with one event a request.
func TestSingleEventRequests(t *testing.T) {
	const seed = 12
	t.Logf("seed %d", seed)
	plain := suite.Dataset(t, "webtrackr.csv.gz")
	a, b := harness.New(t, suite.Sites), harness.New(t, suite.Sites, "PROCESSOR_FLUSH_RECORDS=100", "PROCESSOR_FLUSH_INTERVAL=20ms")
	a.Start(t)
	suite.ImportFile(t, a, plain, "webtrackr.yaml", "webtrackr-import", "49612 accepted")
	a.CaughtUp(t, time.Minute)
	want := a.Tables(t, "web")
	a.Kill()
	b.Start(t)
	file := suite.Shuffled(t, plain, rand.New(rand.NewPCG(seed, 1)), 0.05)
	suite.ImportFile(t, b, file, "webtrackr.yaml", "webtrackr-import", " 0 rejected", "--batch", "1", "--in-flight", "32")
	b.CaughtUp(t, 5*time.Minute)
	suite.SameTables(t, b.Tables(t, "web"), want)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
