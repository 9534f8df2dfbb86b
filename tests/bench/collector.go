package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// subject is a server that takes requests, with the processes behind it.
type subject struct {
	name      string
	addr      string
	processes []*process
	pids      map[string]int
	load      *load
	usage     usage
	events    int64
	results   []*result
}

// stack is the baseline and the two collectors, each with a broker.
type stack struct {
	noop, plain, synced *subject
}

func (s *stack) all() []*subject { return []*subject{s.noop, s.plain, s.synced} }

func (s *stack) stop() {
	for _, x := range s.all() {
		for _, p := range slices.Backward(x.processes) {
			p.stop()
		}
	}
}

// startStack starts five processes: the baseline, and two brokers with a collector each.
func (b *bench) startStack(ctx context.Context) (s *stack, err error) {
	s = &stack{noop: &subject{name: "noop"}, plain: &subject{name: "plain"}, synced: &subject{name: "synced"}}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	noop, addr, err := b.startNoop(ctx)
	s.noop.add(noop, "noop")
	if err != nil {
		return s, err
	}
	s.noop.addr = addr
	for _, x := range []*subject{s.plain, s.synced} {
		if err := b.startCollector(ctx, x, x == s.synced); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (x *subject) add(p *process, as string) {
	if p == nil {
		return
	}
	if x.pids == nil {
		x.pids = map[string]int{}
	}
	x.processes = append(x.processes, p)
	x.pids[as] = p.pid
}

// startCollector starts a broker and `throughline collector` for it.
func (b *bench) startCollector(ctx context.Context, x *subject, sync bool) error {
	broker, kafka, err := b.startBroker(ctx, "broker-"+x.name, sync)
	x.add(broker, "broker")
	if err != nil {
		return err
	}
	return b.collect(ctx, x, kafka)
}

// collect starts `throughline collector`.
func (b *bench) collect(ctx context.Context, x *subject, kafka string) error {
	spool, err := b.folder("spool")
	if err != nil {
		return err
	}
	var admin string
	if err := freeAddrs(&x.addr, &admin); err != nil {
		return err
	}
	collector, err := b.start("collector-"+x.name, admin, variables("COLLECTOR_LISTEN="+x.addr, "COLLECTOR_ADMIN_LISTEN="+admin,
		"KAFKA_BROKERS="+kafka, "COLLECTOR_SPOOL_DIR="+filepath.Join(spool, "spool")), b.binary, "collector")
	if err != nil {
		return err
	}
	x.add(collector, "collector")
	return collector.ready(ctx, answersOK("http://"+admin+"/readyz"))
}

// takeTurns measures the subjects one after another, in rounds.
func (b *bench) takeTurns(ctx context.Context, what string, s *stack, shape shape) error {
	for i, x := range s.all() {
		x.load = &load{addr: x.addr, traffic: newTraffic(50_000, uint64(i+1)<<40, false), shape: shape}
	}
	for round := range b.rounds {
		for _, x := range s.all() {
			if err := b.turn(ctx, what, x, round == b.rounds-1); err != nil {
				return fmt.Errorf("%s: %w", x.name, err)
			}
		}
	}
	return nil
}

// turn measures one subject once, after a while of warming up.
func (b *bench) turn(ctx context.Context, what string, x *subject, last bool) error {
	if _, err := x.load.run(ctx, b.window/5, 0); err != nil {
		return err
	}
	wait := func() {}
	if last {
		wait = b.profiles(ctx, what, b.window, x.processes...)
	}
	m := newMeter(x.pids)
	r, err := x.load.run(ctx, b.window, 0)
	if err != nil {
		return err
	}
	x.usage.add(m.stop())
	wait()
	x.results = append(x.results, r)
	x.events += r.accepted
	if why := x.load.first.Load(); why != nil {
		b.report.note("%s, %s: %d events were refused, at first with %q", what, x.name, r.refused, *why)
	}
	return nil
}

// median of a figure of the rounds.
func (x *subject) median(figure func(*result) float64) float64 {
	var all []float64
	for _, r := range x.results {
		all = append(all, figure(r))
	}
	return median(all)
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// against is the median of the rounds' ratios to the baseline.
func (x *subject) against(baseline *subject, figure func(*result) float64) float64 {
	var all []float64
	for i, r := range x.results {
		all = append(all, figure(r)/figure(baseline.results[i]))
	}
	return median(all)
}

// costs notes what an event costs in each process, and how many of them went to the broker together.
func (b *bench) costs(ctx context.Context, what string, s *stack) error {
	for _, x := range s.all() {
		together := ""
		if x != s.noop {
			n, err := produced(ctx, x.processes[len(x.processes)-1].profile)
			if err != nil {
				return err
			}
			// Where other work takes its share of the machine this ratio is steadier than that of the rates.
			byCPU := float64(s.noop.usage.sum(s.noop.events)) / float64(x.usage.sum(x.events))
			together = fmt.Sprintf("; %.1f events a request to the broker; %.2fx of the baseline by CPU time", n, byCPU)
		}
		b.report.note("%s, %s: %s%s", what, x.name, x.usage.perEvent(x.events), together)
	}
	return nil
}

// benchSingle measures requests with one event.
func benchSingle(ctx context.Context, b *bench) error {
	s, err := b.startStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := b.takeTurns(ctx, "single", s, shape{connections: b.connections, batch: 1}); err != nil {
		return err
	}
	figure := (*result).requestsPerSecond
	for _, x := range []struct {
		*subject
		name string
		goal float64
	}{{s.plain, "single events", 0.6}, {s.synced, "single events, broker syncs", 0.5}} {
		r := x.against(s.noop, figure)
		b.report.add(row{
			path: x.name, figure: amount(x.median(figure), "req"), baseline: amount(s.noop.median(figure), "req") + " no-op net/http",
			ratio: ratio(r), goal: fmt.Sprintf(">= %.1fx", x.goal), met: r >= x.goal,
		})
	}
	return b.costs(ctx, "single", s)
}

// benchBatch measures requests with many events.
func benchBatch(ctx context.Context, b *bench) error {
	s, err := b.startStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := b.takeTurns(ctx, "batch", s, shape{connections: max(1, b.connections/4), batch: b.batch}); err != nil {
		return err
	}
	figure := (*result).eventsPerSecond
	for _, x := range []struct {
		*subject
		name string
		goal float64
	}{{s.plain, "events a request", 300_000}, {s.synced, "events a request, broker syncs", 200_000}} {
		f := x.median(figure)
		b.report.add(row{
			path: strconv.Itoa(b.batch) + " " + x.name, figure: amount(f, "events"),
			baseline: amount(s.noop.median(figure), "events") + " no-op net/http", ratio: ratio(x.against(s.noop, figure)),
			goal: ">= " + amount(x.goal, "events"), met: f >= x.goal,
		})
	}
	return b.costs(ctx, "batch", s)
}

// benchLatency measures the time of an answer on one connection.
func benchLatency(ctx context.Context, b *bench) error {
	s, err := b.startStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := b.takeTurns(ctx, "latency", s, shape{connections: 1, batch: 1, times: true}); err != nil {
		return err
	}
	for _, p := range []struct {
		name string
		at   float64
		goal time.Duration
	}{{"p50", 0.5, 500 * time.Microsecond}, {"p99", 0.99, 5 * time.Millisecond}} {
		figure := func(r *result) float64 { return float64(r.percentile(p.at)) }
		for _, x := range []*subject{s.plain, s.synced} {
			f := time.Duration(x.median(figure))
			name := "ack latency " + p.name + ", one connection"
			if x == s.synced {
				name += ", broker syncs"
			}
			b.report.add(row{
				path: name, figure: milliseconds(f), baseline: milliseconds(time.Duration(s.noop.median(figure))) + " no-op net/http",
				ratio: ratio(x.against(s.noop, figure)), goal: "<= " + milliseconds(p.goal), met: f <= p.goal,
			})
		}
	}
	return b.costs(ctx, "latency", s)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
