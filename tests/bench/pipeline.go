package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// upRun is `throughline up`: collector, broker and processor in one process, the engine in a child of it.
type upRun struct {
	*process
	http   string
	tables tables
	pids   map[string]int
}

// startUp starts everything, as a user's would be, with a broker that syncs.
func (b *bench) startUp(ctx context.Context) (*upRun, error) {
	dir, err := b.folder("up")
	if err != nil {
		return nil, err
	}
	u := &upRun{}
	var admin, kafka string
	if err := freeAddrs(&u.http, &admin, &kafka, &u.tables.addr); err != nil {
		return nil, err
	}
	u.process, err = b.start("up", admin, variables("DATA_DIR="+filepath.Join(dir, "data"), "COLLECTOR_LISTEN="+u.http, "COLLECTOR_ADMIN_LISTEN="+admin,
		"UP_KAFKA_LISTEN="+kafka, "UP_CLICKHOUSE_LISTEN="+u.tables.addr, fmt.Sprintf("UP_PARTITIONS=%d", b.partitions)), b.binary, "up")
	if err != nil {
		return nil, err
	}
	if err := u.ready(ctx, answersOK("http://"+admin+"/readyz")); err != nil {
		u.stop()
		return nil, err
	}
	u.pids = map[string]int{"up": u.pid}
	for _, child := range childrenOf(u.pid) {
		u.pids["engine"] = child
	}
	return u, nil
}

// benchPipeline measures HTTP to queryable.
func benchPipeline(ctx context.Context, b *bench) error {
	u, err := b.startUp(ctx)
	if err != nil {
		return err
	}
	defer u.stop()
	if err := b.sustained(ctx, u); err != nil {
		return fmt.Errorf("sustained: %w", err)
	}
	if err := b.visible(ctx, u); err != nil {
		return fmt.Errorf("until visible: %w", err)
	}
	return nil
}

// sustained offers events at a rate and sees whether the tables keep up.
func (b *bench) sustained(ctx context.Context, u *upRun) error {
	gen := &load{addr: u.http, traffic: newTraffic(50_000, 1<<40, false), shape: shape{connections: max(1, b.connections/8), batch: b.batch, rate: b.rate}}
	if _, err := gen.run(ctx, b.sustain/8, 0); err != nil { // warms up caches and joins the group
		return err
	}
	w := newWatch(ctx, gen, u.tables)
	m, wait := newMeter(u.pids), b.profiles(ctx, "sustained", b.sustain, u.process)
	r, err := gen.run(ctx, b.sustain, 0)
	if err != nil {
		return err
	}
	used := m.stop()
	wait()
	lag := w.stop()
	ended := time.Now()
	missing, err := u.stored(ctx, gen.accepted.Load())
	if err != nil {
		return err
	}
	drained := time.Since(ended)
	// What waits for its flush is always there; growing means more than that.
	grows := lag.late > 2*lag.early+b.rate
	kept := r.eventsPerSecond() >= 0.99*b.rate && !grows && missing == 0
	b.report.add(row{
		path: "HTTP to queryable, sustained", figure: amount(r.eventsPerSecond(), "events") + " accepted",
		baseline: amount(b.rate, "events") + " offered", ratio: ratio(r.eventsPerSecond() / b.rate),
		goal: fmt.Sprintf(">= %s for %s, all stored, lag does not grow", amount(b.rate, "events"), b.sustain), met: kept,
	})
	b.report.note("sustained: lag (accepted and not yet in the touchpoints table) %.0f in the first half, %.0f in the last quarter, %.0f at most; "+
		"all stored %.1f s after the end; missing %d of %d, refused %d", lag.early, lag.late, lag.most, drained.Seconds(), missing, gen.accepted.Load(), r.refused)
	b.report.note("sustained: %s", used.perEvent(r.accepted))
	steps, err := flushSteps(ctx, u.profile)
	if err == nil {
		b.report.note("sustained: time of the steps: %s", steps)
	}
	return err
}

// stored waits until so many touchpoints are in the journeys, and gives how many are missing at last.
func (u *upRun) stored(ctx context.Context, want int64) (missing int64, err error) {
	for deadline := time.Now().Add(2 * time.Minute); ; {
		have, err := u.tables.number(ctx, "SELECT count() FROM touchpoints_log")
		if err != nil {
			return 0, err
		}
		if have >= want || time.Now().After(deadline) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	for deadline := time.Now().Add(5 * time.Second); ; {
		have, err := u.tables.number(ctx, "SELECT sum(touchpoints) FROM journeys WHERE NOT startsWith(customer_id, 'probe-')")
		if err != nil {
			return 0, err
		}
		if have == want || time.Now().After(deadline) {
			return want - have, nil
		}
	}
}

// lag is how many events were accepted and not yet stored, on the average of a while.
type lag struct{ early, late, most float64 }

// watch samples the lag.
type watch struct {
	cancel context.CancelFunc
	done   chan struct{}
	seen   []float64
}

func newWatch(ctx context.Context, gen *load, t tables) *watch {
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for ctx.Err() == nil {
			accepted := gen.accepted.Load()
			if rows, err := t.number(ctx, "SELECT count() FROM touchpoints_log"); err == nil {
				w.seen = append(w.seen, float64(max(0, accepted-rows)))
			}
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return w
}

func (w *watch) stop() lag {
	w.cancel()
	<-w.done
	half, quarter := len(w.seen)/2, len(w.seen)*3/4
	l := lag{early: mean(w.seen[:half]), late: mean(w.seen[quarter:])}
	for _, x := range w.seen {
		l.most = max(l.most, x)
	}
	return l
}

func mean(all []float64) (m float64) {
	for _, x := range all {
		m += x / float64(len(all))
	}
	return m
}
