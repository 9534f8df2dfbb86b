package kafka

import (
	"context"
	"testing"
	"time"

	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/kafka/cluster"
	"github.com/throughline/throughline/tests/suite"
)

// TestBrokerRestarts restarts the only broker in mid-flight, once by SIGTERM and once by kill -9. Touchpoints are acknowledged all
// the time, into the spool; nothing is lost.
func TestBrokerRestarts(t *testing.T) {
	c := single.need(t)
	s := harness.NewServicesAt(t, suite.Sites, single.conn(), "4")
	s.StartProcessor(t, 1)
	disturbed(t, s, func(live *suite.Live) {
		acknowledges(t, live, 200)
		c.Brokers[0].Stop(20 * time.Second)
		acknowledges(t, live, 50)
		start(t, c)
		acknowledges(t, live, 200)
		c.Brokers[0].Kill()
		acknowledges(t, live, 50)
		start(t, c)
	})
}

// TestLeaderKilled kills the leader of a partition with kill -9 while an import and live touchpoints flow in through TLS and SASL and
// two processors work.
func TestLeaderKilled(t *testing.T) {
	c := triple.need(t)
	s := harness.NewServicesAt(t, suite.Sites, triple.conn(), "6")
	s.StartProcessor(t, 1)
	s.StartProcessor(t, 2)
	client := clientOf(t, triple.conn())
	disturbed(t, s, func(live *suite.Live) {
		acknowledges(t, live, 200)
		for range 2 {
			leader(t, c, client, topics.Touchpoints).Kill()
			acknowledges(t, live, 100)
			start(t, c)
			waitInSync(t, client, topics.Touchpoints, 3)
		}
	})
}

// TestFreshCluster starts the whole pipeline at the same moment as a new cluster: nobody waits for anybody, and coordinators that are
// still loading are asked again.
func TestFreshCluster(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	c, err := cluster.New(ctx, t.TempDir(), cluster.Options{Brokers: 1})
	missing(t, err)
	must(t, err)
	t.Cleanup(c.Stop)
	must(t, c.Launch())
	s := harness.NewServicesAt(t, suite.Sites, c.Plain(), "4")
	s.StartProcessor(t, 1)
	disturbed(t, s, func(live *suite.Live) { acknowledges(t, live, 200) })
}

func start(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	must(t, c.Start(ctx))
}
