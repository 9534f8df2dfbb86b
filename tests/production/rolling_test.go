package production

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/tests/faults/check"
	"github.com/throughline/throughline/tests/harness"
)

// TestRollingUpgrade restarts two collectors and two processors one after the other, twice over, while shoppers post through a
// load balancer. Every request is answered 200; the tables have every event once and are those that the rules give.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	s := harness.NewServices(t, "")
	const drain = "COLLECTOR_DRAIN_DELAY=1s"
	collectors := []*harness.Member{s.AddCollector(t, 1, drain), s.AddCollector(t, 2, drain)}
	processors := []*harness.Member{s.AddProcessor(t, 1), s.AddProcessor(t, 2)}
	b := newBalancer(collectors...)
	load := &shoppers{balancer: b, ledger: check.NewLedger(), trouble: map[string]int{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var probing, posting sync.WaitGroup
	probing.Go(func() { b.run(ctx) })
	harness.Eventually(t, 2*time.Minute, "the balancer knows both", func() error { return bothReady(b) })
	for n := range 4 {
		posting.Go(func() { load.run(ctx, n) })
	}
	load.more(t, 50)
	for range 2 {
		for _, m := range collectors {
			m.Stop(t)
			load.more(t, 20) // the other one carries on
			m.Start(t)
			harness.Eventually(t, 2*time.Minute, "the balancer knows both", func() error { return bothReady(b) })
		}
		for _, m := range processors {
			m.Stop(t)
			load.more(t, 20)
			m.Start(t)
		}
	}
	load.more(t, 50)
	stop()
	posting.Wait()
	probing.Wait()
	if said := load.said(); said != "" {
		t.Errorf("not every request was answered 200:\n%s", said)
	}
	s.CaughtUp(t, 2*time.Minute)
	verdict, err := check.Tables(t.Context(), "http://"+s.ClickHouse+"/throughline", sites.Default(), load.ledger)
	if err != nil {
		t.Fatal(err)
	}
	sent, acknowledged := load.ledger.Count()
	t.Logf("%d events sent, %d acknowledged, in %d requests; %s", sent, acknowledged, load.answered.Load(), verdict)
	if !verdict.Good() || sent == 0 || sent != acknowledged {
		t.Errorf("%d sent, %d acknowledged: %s", sent, acknowledged, verdict)
	}
	for _, m := range append(collectors, processors...) {
		m.Stop(t)
	}
}
