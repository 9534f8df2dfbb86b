package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/deploy/migrate"
	"github.com/throughline/throughline/tests/ports"
)

// backlog is a broker whose topic is full.
type backlog struct {
	broker  *process
	addr    string
	offsets *offsets
	records int64
	events  int64 // of the records, those that are touchpoints
}

// fill starts a broker and puts touchpoints into its topic, through a collector, as a backlog comes about.
func (b *bench) fill(ctx context.Context) (l *backlog, err error) {
	x := &subject{name: "fill"}
	defer func() {
		for i, p := range x.processes {
			if i > 0 || err != nil { // the broker stays
				p.stop()
			}
		}
	}()
	broker, addr, err := b.startBroker(ctx, "broker-backlog", true)
	x.add(broker, "broker")
	if err != nil {
		return nil, err
	}
	if err := b.collect(ctx, x, addr); err != nil {
		return nil, err
	}
	const most = 500
	gen := load{addr: x.addr, traffic: newTraffic(b.events/30, 1<<40, true), shape: shape{connections: 16, batch: most}}
	r, err := gen.run(ctx, time.Hour, int64(b.events/most))
	if err != nil {
		return nil, err
	}
	l = &backlog{broker: broker, addr: addr, offsets: newOffsets(addr, b.partitions)}
	l.events = r.accepted
	if l.records, err = l.offsets.end(ctx); err != nil {
		return nil, err
	}
	b.report.note("processor: topic filled with %d touchpoints and %d links of some %d visitors, %s", l.events, l.records-l.events, l.events/touchesPerVisitor, amount(r.eventsPerSecond(), "events"))
	return l, nil
}

// applied is how fast a backlog went through.
type applied struct {
	elapsed time.Duration
	rate    float64
}

// benchProcessor measures Kafka to durable state and rows.
func benchProcessor(ctx context.Context, b *bench) error {
	l, err := b.fill(ctx)
	if err != nil {
		return err
	}
	defer l.broker.stop()
	fetched, err := b.fetchOnly(ctx, l)
	if err != nil {
		return fmt.Errorf("fetch only: %w", err)
	}
	discarded, err := b.discarding(ctx, l)
	if err != nil {
		return fmt.Errorf("discarding store: %w", err)
	}
	stored, err := b.storing(ctx, l)
	if err != nil {
		return fmt.Errorf("ClickHouse: %w", err)
	}
	baseline := amount(fetched.rate, "events") + " fetched only"
	for _, x := range []struct {
		name string
		*applied
		goal float64
	}{{"Kafka to state and ClickHouse", stored, 60_000}, {"Kafka to state, store discards", discarded, 200_000}} {
		b.report.add(row{
			path: x.name, figure: amount(x.rate, "events"), baseline: baseline, ratio: ratio(x.rate / fetched.rate),
			goal: ">= " + amount(x.goal, "events"), met: x.rate >= x.goal,
		})
	}
	return nil
}

// fetchOnly reads the topic in a process of its own.
func (b *bench) fetchOnly(ctx context.Context, l *backlog) (*applied, error) {
	start := time.Now()
	p, err := b.role("fetcher", "", roleFetcher, l.addr, strconv.Itoa(b.partitions))
	if err != nil {
		return nil, err
	}
	defer p.stop()
	select {
	case <-p.ended:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p.err != nil {
		return nil, fmt.Errorf("%w\n%s", p.err, p.tail())
	}
	return newApplied(l.events, time.Since(start)), nil
}

func newApplied(events int64, elapsed time.Duration) *applied {
	return &applied{elapsed: elapsed, rate: float64(events) / elapsed.Seconds()}
}

// discarding is the processor whose store keeps nothing.
func (b *bench) discarding(ctx context.Context, l *backlog) (*applied, error) {
	dir, err := b.folder("state")
	if err != nil {
		return nil, err
	}
	admin, err := ports.Addr()
	if err != nil {
		return nil, err
	}
	const group = "discarding"
	start := time.Now()
	p, err := b.role("processor-discarding", admin, roleDiscarder, l.addr, group, filepath.Join(dir, "state"), admin)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	return b.drain(ctx, l, group, start, p, map[string]int{"processor": p.pid, "broker": l.broker.pid})
}

// storing is `throughline processor` with the engine in a process of its own.
func (b *bench) storing(ctx context.Context, l *backlog) (*applied, error) {
	e, err := b.startEngine(ctx)
	if err != nil {
		return nil, err
	}
	defer stopEngine(e)
	dir, err := b.folder("state")
	if err != nil {
		return nil, err
	}
	admin, err := ports.Addr()
	if err != nil {
		return nil, err
	}
	const group = "storing"
	start := time.Now()
	p, err := b.start("processor", admin, variables("KAFKA_BROKERS="+l.addr, "PROCESSOR_GROUP="+group,
		"PROCESSOR_STATE_DIR="+filepath.Join(dir, "state"), "PROCESSOR_ADMIN_LISTEN="+admin,
		"CLICKHOUSE_DSN=http://"+e.Addr()+"/throughline"), b.binary, "processor")
	if err != nil {
		return nil, err
	}
	defer p.stop()
	a, err := b.drain(ctx, l, group, start, p, map[string]int{"processor": p.pid, "broker": l.broker.pid, "engine": e.Pid()})
	if err != nil {
		return nil, err
	}
	t := tables{addr: e.Addr()}
	rows, err := t.number(ctx, "SELECT count() FROM touchpoints_log")
	if err != nil {
		return nil, err
	}
	counted, err := t.number(ctx, "SELECT sum(touchpoints) FROM journeys")
	if err != nil {
		return nil, err
	}
	b.report.note("processor: ClickHouse has %d touchpoints, and %d in journeys, of %d", rows, counted, l.events)
	return a, nil
}

// startEngine starts an engine with the tables, syncing as `throughline up` does.
func (b *bench) startEngine(ctx context.Context) (*engine.Engine, error) {
	lib, err := libchdb.Ensure(ctx, os.Stderr, false)
	if err != nil {
		return nil, err
	}
	dir, err := b.folder("clickhouse")
	if err != nil {
		return nil, err
	}
	e, err := engine.Start(ctx, engine.Config{LibPath: lib, DataDir: filepath.Join(dir, "data"), Command: []string{roleEngine}})
	if err != nil {
		return nil, err
	}
	if _, err := migrate.Apply(ctx, e.DSN(), migrate.Options{Fsync: true}); err != nil {
		stopEngine(e)
		return nil, err
	}
	return e, nil
}

func stopEngine(e *engine.Engine) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := e.Stop(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// drain times a processor, from when it has its partitions until all is committed.
func (b *bench) drain(ctx context.Context, l *backlog, group string, start time.Time, p *process, pids map[string]int) (*applied, error) {
	if err := p.ready(ctx, answersOK("http://"+p.profile+"/readyz")); err != nil {
		return nil, err
	}
	owning := time.Now()
	m := newMeter(pids)
	wait := b.profiles(ctx, "processor-"+group, 3*b.window, p, l.broker)
	if err := l.offsets.until(ctx, group, l.records, p); err != nil {
		return nil, err
	}
	u, a := m.stop(), newApplied(l.events, time.Since(owning))
	steps, err := flushSteps(ctx, p.profile)
	if err != nil {
		return nil, err
	}
	b.report.note("processor, %s: %.1f s, and %.1f s before for starting and joining the group; %s", group, a.elapsed.Seconds(),
		owning.Sub(start).Seconds(), u.perEvent(l.events))
	b.report.note("processor, %s: time of the steps: %s", group, steps)
	wait()
	return a, nil
}
