package e2e

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/suite"
)

// TestOutages takes ClickHouse away for a while, then Kafka, deletes a processor's state, kills it, and lets another one
// take over, all while an import and live touchpoints flow in. Nothing is lost, and the tables are those of an undisturbed run.
func TestOutages(t *testing.T) {
	want := undisturbed(t)
	file := suite.Dataset(t, "google-merch-events.csv.gz")
	s := harness.NewServices(t, suite.Sites)
	first := s.StartProcessor(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	live := suite.NewLive(s.Pipeline)
	var work sync.WaitGroup
	work.Go(func() { live.Run(ctx) })
	imported := make(chan error, 1)
	go func() { imported <- suite.ImportUntilDone(ctx, t, s.Pipeline, file, "719386 accepted") }()

	time.Sleep(2 * time.Second)
	t.Log("ClickHouse is away")
	s.StopEngine(t)
	time.Sleep(4 * time.Second)
	s.StartEngine(t)
	time.Sleep(time.Second)

	t.Log("Kafka is away")
	s.StopBroker(t)
	time.Sleep(4 * time.Second)
	accepted := live.Acknowledged()
	time.Sleep(time.Second)
	if live.Acknowledged() == accepted {
		t.Error("nothing was acknowledged while Kafka was away: the spool did not take over")
	}
	s.StartBroker(t)
	time.Sleep(2 * time.Second)

	t.Log("the processor is killed and its state deleted")
	first.Kill()
	must(t, os.RemoveAll(s.StateDir(1)))
	first = s.StartProcessor(t, 1)
	time.Sleep(2 * time.Second)

	t.Log("a second processor joins, the first is killed")
	second := s.StartProcessor(t, 2)
	time.Sleep(8 * time.Second)
	first.Kill()
	time.Sleep(time.Second)

	t.Log("the collector is restarted")
	s.Collector.Stop(t)
	s.StartCollector(t)

	must(t, <-imported)
	cancel()
	work.Wait()
	s.CaughtUp(t, 5*time.Minute)
	suite.SameTables(t, s.Tables(t, "merch"), want)
	live.Check(t, s.Pipeline)
	second.Stop(t)
}
