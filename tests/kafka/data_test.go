package kafka

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/suite"
)

const merch, mapping = "google-merch-events.csv.gz", "google-merch-events.yaml"

// partRows is what the tests of faults import: enough to be in mid-flight for some seconds.
var partRows = flag.Int("rows", 20_000, "rows that tests of faults import")

// patience is for a busy machine.
const patience = 5 * time.Minute

// TestRealData imports the merchandise data set through one real broker: the published figures come out.
func TestRealData(t *testing.T) {
	file := suite.Dataset(t, merch)
	single.need(t)
	s := harness.NewServicesAt(t, suite.Sites, single.conn(), "4")
	s.StartProcessor(t, 1)
	began := time.Now()
	suite.ImportFile(t, s.Pipeline, file, mapping, "merch-import", "719386 rows: 719386 accepted, 0 rejected")
	imported := time.Since(began)
	s.CaughtUp(t, patience)
	t.Logf("imported after %s, in the tables after %s", imported.Round(time.Second/10), time.Since(began).Round(time.Second/10))
	suite.Check(t, s.Pipeline, suite.MerchFigures)
}

// TestRealDataShuffled imports it shuffled, 5 % of the rows twice and in compressed batches, through three brokers that speak TLS
// and SASL only, with two processors: the same figures come out.
func TestRealDataShuffled(t *testing.T) {
	const seed = 21
	t.Logf("seed %d", seed)
	file := suite.Shuffled(t, suite.Dataset(t, merch), rand.New(rand.NewPCG(seed, 1)), 0.05)
	triple.need(t)
	s := harness.NewServicesAt(t, suite.Sites, triple.conn(), "6", "COLLECTOR_COMPRESSION=zstd")
	s.StartProcessor(t, 1)
	s.StartProcessor(t, 2)
	suite.ImportFile(t, s.Pipeline, file, mapping, "merch-import", " 0 rejected")
	s.CaughtUp(t, patience)
	suite.Check(t, s.Pipeline, suite.MerchFigures)
}

var baseline struct {
	once   sync.Once
	tables map[string]string
}

// undisturbed gives a part of the data set, and its tables after one plain import on the broker that the program brings along.
func undisturbed(t *testing.T) (file string, tables map[string]string) {
	t.Helper()
	file = suite.Part(t, suite.Dataset(t, merch), *partRows)
	baseline.once.Do(func() {
		p := harness.New(t, suite.Sites)
		p.Start(t)
		suite.ImportFile(t, p, file, mapping, "merch-import", accepted())
		p.CaughtUp(t, patience)
		baseline.tables = p.Tables(t, "merch")
		p.Kill()
	})
	if baseline.tables == nil {
		t.Fatal("the undisturbed run has failed")
	}
	return file, baseline.tables
}

func accepted() string { return fmt.Sprintf("%d accepted", *partRows) }

// disturbed imports the part, with live touchpoints beside it, while disturb does what it does; then every acknowledged touchpoint
// must be there once, and the tables must be those of the undisturbed run.
func disturbed(t *testing.T, s *harness.Services, disturb func(live *suite.Live)) {
	t.Helper()
	file, want := undisturbed(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	live := suite.NewLive(s.Pipeline)
	var work sync.WaitGroup
	work.Go(func() { live.Run(ctx) })
	imported := make(chan error, 1)
	go func() { imported <- suite.ImportUntilDone(ctx, t, s.Pipeline, file, accepted()) }()
	disturb(live)
	must(t, <-imported)
	cancel()
	work.Wait()
	s.CaughtUp(t, patience)
	suite.SameTables(t, s.Tables(t, "merch"), want)
	live.Check(t, s.Pipeline)
}

// acknowledges waits until a number of touchpoints more have been acknowledged.
func acknowledges(t *testing.T, live *suite.Live, more int) {
	t.Helper()
	before := live.Acknowledged()
	harness.Eventually(t, patience, "touchpoints are acknowledged", func() error {
		if n := live.Acknowledged() - before; n < more {
			return fmt.Errorf("%d of %d", n, more)
		}
		return nil
	})
}
