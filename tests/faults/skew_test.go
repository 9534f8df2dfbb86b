package faults

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kelseyhightower/envconfig"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/collector"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/tests/harness"
)

// runSkewed is a collector in a process of its own whose clock is wrong by its argument: what the program's own command does, but
// for the clock.
func runSkewed(ctx context.Context) error {
	skew, err := time.ParseDuration(os.Args[2])
	if err != nil {
		return err
	}
	var cfg collector.Config
	if err := envconfig.Process("", &cfg); err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	c, err := collector.New(cfg, collector.Deps{
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Registerer: registry, Gatherer: registry, Sites: sites.Default(),
		RulesVersion: stages.Builtin().Version(), Now: func() time.Time { return time.Now().Add(skew) },
	})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	if err := c.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return c.Stop(context.WithoutCancel(ctx))
}

// skewBy gives a collector a clock that is wrong from now on.
func (r *rig) skewBy(t *testing.T, s *service, skew time.Duration) {
	t.Helper()
	s.kill()
	s.skew = skew
	r.start(t, s)
	r.ready(t, s)
}

// TestCollectorsClocksDiffer: the clocks of three collectors lie minutes apart, and one of them is put right by a leap. Copies of
// one event are received by several, in another order than their stamps say, and a processor is killed meanwhile.
func TestCollectorsClocksDiffer(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{collectors: 3, processors: 2, partitions: 3})
	r.skewBy(t, r.collectors[0], 7*time.Minute)
	r.skewBy(t, r.collectors[1], -5*time.Minute)
	began := time.Now()
	x := r.startTraffic(t)
	r.assigned(t, r.processors...)
	x.more(t, 1000)
	r.processors[0].kill()
	x.more(t, 500)
	r.skewBy(t, r.collectors[0], -2*time.Minute)
	r.start(t, r.processors[0])
	x.more(t, 1000)
	x.stop(t)
	r.verdict(t)
	got := (&harness.Pipeline{ClickHouse: r.clickhouse}).Query(t, fmt.Sprintf("SELECT countIf(received_at < fromUnixTimestamp64Milli(%d)) > 500, "+
		"countIf(received_at > fromUnixTimestamp64Milli(%d)) > 300 FROM touchpoints_log", began.UnixMilli(), began.Add(6*time.Minute).UnixMilli()))
	if strings.Fields(got)[0] != "1" || strings.Fields(got)[1] != "1" {
		t.Errorf("the clocks were not as wrong as they should have been: %s", got)
	}
}
