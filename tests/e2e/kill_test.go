package e2e

import (
	"context"
	"flag"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/suite"
)

var (
	kills    = flag.Int("kills", 20, "how many times to kill the whole program during an import")
	killSeed = flag.Uint64("kill-seed", 1, "seed of the moments at which it is killed")
)

// TestKilledDuringImport kills the whole program at random moments while an import and live touchpoints flow in. After
// the last start every acknowledged touchpoint is there once, and the derived tables are those of an undisturbed run.
func TestKilledDuringImport(t *testing.T) {
	t.Logf("%d kills, seed %d", *kills, *killSeed)
	want := undisturbed(t)
	file := suite.Dataset(t, "google-merch-events.csv.gz")
	r := rand.New(rand.NewPCG(*killSeed, 1))
	p := harness.New(t, suite.Sites)
	p.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	live := suite.NewLive(p)
	var work sync.WaitGroup
	work.Go(func() { live.Run(ctx) })
	imported := make(chan error, 1)
	var done atomic.Bool
	go func() {
		// The import goes on for as long as there is killing: importing again changes nothing.
		var err error
		for first := true; err == nil && (first || !done.Load()); first = false {
			err = suite.ImportUntilDone(ctx, t, p, file, "719386 accepted")
		}
		imported <- err
	}()
	for n := range *kills {
		time.Sleep(time.Duration(100+r.IntN(1900)) * time.Millisecond)
		p.Kill()
		p.Launch(t)
		if n%3 == 0 { // the others may be killed while they start
			p.WaitReady(t)
		}
	}
	p.WaitReady(t)
	done.Store(true)
	must(t, <-imported)
	cancel()
	work.Wait()
	p.CaughtUp(t, 5*time.Minute)
	suite.SameTables(t, p.Tables(t, "merch"), want)
	live.Check(t, p)
}
