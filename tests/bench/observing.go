package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// scrapeEvery is three times as often as Prometheus asks.
const scrapeEvery = 5 * time.Second

// benchObserving measures what metrics, logs and traces cost, as they are by default. Two runs of a server differ by more than that
// from one another, so it is not the runs that are compared: it is the share of the samples of one CPU profile that were taken
// inside of them.
func benchObserving(ctx context.Context, b *bench) error {
	x := &subject{name: "observed"}
	defer func() {
		for _, p := range x.processes {
			p.stop()
		}
	}()
	if err := b.startCollector(ctx, x, false); err != nil {
		return err
	}
	collector := x.processes[len(x.processes)-1]
	for _, s := range []struct {
		name string
		shape
	}{{"single events", shape{connections: b.connections, batch: 1}}, {strconv.Itoa(b.batch) + " events a request", shape{connections: max(1, b.connections/4), batch: b.batch}}} {
		gen := &load{addr: x.addr, traffic: newTraffic(50_000, 1<<40, false), shape: s.shape}
		if err := b.observe(ctx, "collector, "+s.name, gen, collector); err != nil {
			return err
		}
	}
	u, err := b.startUp(ctx)
	if err != nil {
		return err
	}
	defer u.stop()
	gen := &load{addr: u.http, traffic: newTraffic(50_000, 2<<40, false), shape: shape{connections: max(1, b.connections/8), batch: b.batch, rate: b.rate}}
	return b.observe(ctx, "collector and processor of 'up'", gen, u.process)
}

// observe profiles a server under a load, asks it for its metrics all the while, and reports the share.
func (b *bench) observe(ctx context.Context, what string, gen *load, p *process) error {
	lasting := 2 * b.window
	if _, err := gen.run(ctx, b.window/5, 0); err != nil {
		return err
	}
	file := filepath.Join(b.root, "observing.pprof")
	var work sync.WaitGroup
	var failed error
	work.Go(func() { failed = profile(ctx, p.profile, file, lasting) })
	work.Go(func() { scrape(ctx, p.profile, lasting) })
	r, err := gen.run(ctx, lasting+b.window/5, 0)
	work.Wait()
	if err != nil || failed != nil {
		return fmt.Errorf("%s: %w", what, firstOf(err, failed))
	}
	share, of, err := observersIn(ctx, file)
	if err != nil {
		return err
	}
	const goal = 0.03
	b.report.add(row{
		path: "metrics, logs and traces: " + what, figure: fmt.Sprintf("%.1f %% of its CPU", 100*share), baseline: fmt.Sprintf("of %s sampled, %s", of.Round(100*time.Millisecond), amount(r.eventsPerSecond(), "events")),
		goal: fmt.Sprintf("< %.0f %%", 100*goal), met: share < goal,
	})
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// scrape asks for the metrics as Prometheus does. An answer that fails costs as much as one that does not.
func scrape(ctx context.Context, admin string, lasting time.Duration) {
	for end := time.Now().Add(lasting); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(scrapeEvery) {
		_, _ = metrics(ctx, admin)
	}
}
