package kafka

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/suite"
)

const merch = "google-merch-events.csv.gz"

// TestRealData imports the merchandise data set through one real broker: the published figures come out.
func TestRealData(t *testing.T) {
	file := suite.Dataset(t, merch)
	single.need(t)
	s := harness.NewServicesAt(t, suite.Sites, single.conn(), "4")
	s.StartProcessor(t, 1)
	began := time.Now()
	suite.ImportFile(t, s.Pipeline, file, "google-merch-events.yaml", "merch-import", "719386 rows: 719386 accepted, 0 rejected")
	imported := time.Since(began)
	s.CaughtUp(t, 5*time.Minute)
	t.Logf("imported after %s, queryable after %s", imported.Round(time.Second/10), time.Since(began).Round(time.Second/10))
	suite.Check(t, s.Pipeline, suite.MerchFigures)
}

// TestRealDataShuffled imports it shuffled, 5 % of the rows twice, through three brokers that speak TLS and SASL only, with two
// processors.
func TestRealDataShuffled(t *testing.T) {
	const seed = 21
	t.Logf("seed %d", seed)
	file := suite.Shuffled(t, suite.Dataset(t, merch), rand.New(rand.NewPCG(seed, 1)), 0.05)
	triple.need(t)
	s := harness.NewServicesAt(t, suite.Sites, triple.conn(), "6", "COLLECTOR_COMPRESSION=zstd")
	s.StartProcessor(t, 1)
	s.StartProcessor(t, 2)
	suite.ImportFile(t, s.Pipeline, file, "google-merch-events.yaml", "merch-import", " 0 rejected")
	s.CaughtUp(t, 5*time.Minute)
	suite.Check(t, s.Pipeline, suite.MerchFigures)
}
