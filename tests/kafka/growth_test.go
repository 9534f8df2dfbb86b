package kafka

import (
	"strconv"
	"testing"

	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/suite"
)

// TestPartitionsGrow gives the topic of touchpoints more partitions while an import and live touchpoints flow in and two processors
// work, and restarts the collector only later: most customers move to another partition and another owner, some with touchpoints
// still in their old one. Nothing is lost, and the tables are those of an undisturbed run.
func TestPartitionsGrow(t *testing.T) {
	single.need(t)
	s := harness.NewServicesAt(t, suite.Sites, single.conn(), "3")
	s.StartProcessor(t, 1)
	s.StartProcessor(t, 2)
	disturbed(t, s, func(live *suite.Live) {
		acknowledges(t, live, 200)
		out, err := s.Command(t.Context(), "topics", "grow", "--partitions", "7", "--yes")
		t.Log(out)
		must(t, err)
		acknowledges(t, live, 300)
		s.Collector.Stop(t)
		s.StartCollector(t)
		acknowledges(t, live, 200)
	})
}

// TestGrownWithABacklog lets the topic grow while no processor runs: a customer's touchpoints lie in two partitions, which two
// processors own at the same time. The tables are those of an undisturbed run all the same.
func TestGrownWithABacklog(t *testing.T) {
	file, want := undisturbed(t)
	single.need(t)
	s := harness.NewServicesAt(t, suite.Sites, single.conn(), "2")
	half := suite.Part(t, file, *partRows/2)
	suite.ImportFile(t, s.Pipeline, half, mapping, "merch-import", strconv.Itoa(*partRows/2)+" accepted")
	out, err := s.Command(t.Context(), "topics", "grow", "--partitions", "5", "--yes")
	t.Log(out)
	must(t, err)
	s.Collector.Stop(t)
	s.StartCollector(t)
	suite.ImportFile(t, s.Pipeline, file, mapping, "merch-import", accepted())
	s.StartProcessor(t, 1)
	s.StartProcessor(t, 2)
	s.CaughtUp(t, patience)
	suite.SameTables(t, s.Tables(t, "merch"), want)
}
