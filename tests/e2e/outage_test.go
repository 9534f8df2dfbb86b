package e2e

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

// TestOutages takes ClickHouse away for a while, then Kafka, deletes a processor's state, kills it, and lets another one
// take over, all while an import and live touchpoints flow in. Nothing is lost, and the tables are those of an undisturbed run.
func TestOutages(t *testing.T) {
	want := undisturbed(t)
	s := harness.NewServices(t, sites)
	first := s.StartProcessor(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	live := newLive(s.Pipeline)
	var work sync.WaitGroup
	work.Go(func() { live.run(ctx) })
	imported := make(chan error, 1)
	go func() { imported <- importUntilDone(ctx, t, s.Pipeline) }()

	time.Sleep(2 * time.Second)
	t.Log("ClickHouse is away")
	s.StopEngine(t)
	time.Sleep(4 * time.Second)
	s.StartEngine(t)
	time.Sleep(time.Second)

	t.Log("Kafka is away")
	s.StopBroker(t)
	time.Sleep(4 * time.Second)
	accepted := live.acknowledged()
	time.Sleep(time.Second)
	if live.acknowledged() == accepted {
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
	sameTables(t, s.Tables(t, "merch"), want)
	live.check(t, s.Pipeline)
	second.Stop(t)
}
