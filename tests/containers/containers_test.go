package containers

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/suite"
)

const (
	merch, mapping = "google-merch-events.csv.gz", "google-merch-events.yaml"
	patience       = 6 * time.Minute
)

// TestFigures imports the merchandise data set, shuffled and 5 % of its rows twice, into a pipeline of separate containers: the
// published figures come out.
func TestFigures(t *testing.T) {
	const seed = 31
	t.Logf("seed %d", seed)
	plain := suite.Dataset(t, merch)
	s := newStack(t)
	file := suite.Shuffled(t, plain, rand.New(rand.NewPCG(seed, 1)), 0.05)
	suite.ImportFile(t, s.Pipeline, file, mapping, "merch-import", " 0 rejected")
	s.CaughtUp(t, patience)
	suite.Check(t, s.Pipeline, suite.MerchFigures)
}

// TestKilled imports it again while each of the containers is killed in its turn, with live touchpoints beside it: the same
// figures, and every acknowledged touchpoint once.
func TestKilled(t *testing.T) {
	file := suite.Dataset(t, merch)
	s := newStack(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	live := suite.NewLive(s.Pipeline)
	var work sync.WaitGroup
	work.Go(func() { live.Run(ctx) })
	imported := make(chan error, 1)
	go func() { imported <- suite.ImportUntilDone(ctx, t, s.Pipeline, file, "719386 accepted") }()
	for _, name := range []string{"processor", "clickhouse", "collector", "kafka", "processor2"} {
		time.Sleep(2 * time.Second)
		s.kill(t, name)
	}
	must(t, <-imported)
	cancel()
	work.Wait()
	s.CaughtUp(t, patience)
	suite.Check(t, s.Pipeline, suite.MerchFigures)
	live.Check(t, s.Pipeline)
}
