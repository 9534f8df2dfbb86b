package e2e

import (
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/suite"
)

// TestRealDataGivesKnownFigures imports the real data sets through the whole pipeline and asks the views.
func TestRealDataGivesKnownFigures(t *testing.T) {
	merch, bpic, web := suite.Dataset(t, "google-merch-events.csv.gz"), suite.Dataset(t, "bpic2012.csv.gz"), suite.Dataset(t, "webtrackr.csv.gz")
	p := harness.New(t, suite.Sites)
	p.Start(t)
	suite.ImportFile(t, p, merch, "google-merch-events.yaml", "merch-import", "719386 rows: 719386 accepted, 0 rejected")
	suite.ImportFile(t, p, merch, "google-merch-events.yaml", "merch15-import", "719386 rows: 719386 accepted, 0 rejected")
	suite.ImportFile(t, p, bpic, "bpic2012.yaml", "bpic-import-key", "262200 rows: 262200 accepted, 0 rejected")
	suite.ImportFile(t, p, web, "webtrackr.yaml", "webtrackr-import", "49612 rows: 49612 accepted, 0 rejected")
	p.CaughtUp(t, 5*time.Minute)
	suite.Check(t, p, append(suite.MerchFigures, suite.Merch15Figures...))
	suite.Check(t, p, suite.BPICFigures)
	suite.Check(t, p, suite.WebFigures)
	p.Stop(t)
}
