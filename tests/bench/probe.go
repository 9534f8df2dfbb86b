package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// visible measures the time from acceptance until a journey shows it, while events come in at a moderate rate.
func (b *bench) visible(ctx context.Context, u *upRun) error {
	gen := &load{addr: u.http, traffic: newTraffic(50_000, 2<<40, false), shape: shape{connections: max(1, b.connections/8), batch: b.batch, rate: b.slowRate}}
	if _, err := gen.run(ctx, b.sustain/8, 0); err != nil {
		return err
	}
	m, wait := newMeter(u.pids), b.profiles(ctx, "visible", b.sustain, u.process)
	p := newProber(u)
	probing, cancel := context.WithCancel(ctx)
	sent := make(chan error, 1)
	go func() { sent <- p.run(probing) }()
	r, err := gen.run(ctx, b.sustain, 0)
	cancel()
	if err := <-sent; err != nil {
		return err
	}
	if err != nil {
		return err
	}
	used := m.stop()
	wait()
	if err := p.finish(ctx); err != nil {
		return err
	}
	slices.Sort(p.delays)
	p50, p99 := percentile(p.delays, 0.5), percentile(p.delays, 0.99)
	const goal = 3 * time.Second
	b.report.add(row{
		path: "accepted to visible, p99", figure: milliseconds(p99), baseline: amount(b.slowRate, "events") + " offered",
		ratio: ratio(r.eventsPerSecond() / b.slowRate), goal: "<= " + milliseconds(goal), met: p99 <= goal && r.eventsPerSecond() >= 0.99*b.slowRate,
	})
	b.report.note("visible: %d probes, p50 %s, p99 %s, at most %s, looked for in the journeys every %s; refused %d; %s", len(p.delays), milliseconds(p50),
		milliseconds(p99), milliseconds(percentile(p.delays, 1)), lookEvery, r.refused, used.perEvent(r.accepted))
	return nil
}

// prober sends single events of customers of their own, and looks for their journeys, which are written last.
type prober struct {
	up   *upRun
	sent int

	mu      sync.Mutex
	waiting map[string]time.Time // customers by when they were accepted
	delays  []time.Duration
}

const (
	probeEvery = 50 * time.Millisecond
	lookEvery  = 100 * time.Millisecond
)

func newProber(u *upRun) *prober { return &prober{up: u, waiting: map[string]time.Time{}} }

// run sends and looks until ctx is done.
func (p *prober) run(ctx context.Context) error {
	looked := make(chan error, 1)
	go func() { looked <- repeat(ctx, lookEvery, p.look) }()
	return errors.Join(repeat(ctx, probeEvery, p.send), <-looked)
}

// repeat does something every so often until ctx is done.
func repeat(ctx context.Context, every time.Duration, do func() error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := do(); err != nil {
			return err
		}
	}
}

func (p *prober) send() error {
	customer := fmt.Sprintf("probe-%06d", p.sent)
	p.sent++
	body := fmt.Sprintf(`{"type":"page","anonymous_id":"%s","context":{"page":{"url":"https://shop.example/"}}}`, customer)
	request, err := http.NewRequest(http.MethodPost, "http://"+p.up.http+"/v1/touchpoints", strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer local")
	if _, err := read(request); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting[customer] = time.Now()
	return nil
}

// oldest is the first customer that is waited for, "" for none.
func (p *prober) oldest() (first string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for customer := range p.waiting {
		if first == "" || customer < first {
			first = customer
		}
	}
	return first
}

// look takes the time of every probe that is there. The time is that of the answer, so it errs on the long side. It asks the
// table under the view: what is in it the view shows, and asking costs less.
func (p *prober) look() error {
	first := p.oldest()
	if first == "" {
		return nil
	}
	there, err := p.up.tables.lines(context.Background(), fmt.Sprintf("SELECT DISTINCT customer_id FROM journeys_log WHERE site = 'main' "+
		"AND started_at > now() - INTERVAL 1 HOUR AND customer_id >= '%s' AND customer_id < 'probe.'", first))
	if err != nil {
		return err
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, customer := range there {
		if at, ok := p.waiting[customer]; ok {
			p.delays = append(p.delays, now.Sub(at))
			delete(p.waiting, customer)
		}
	}
	return nil
}

// finish looks until every probe is there.
func (p *prober) finish(ctx context.Context) error {
	for deadline := time.Now().Add(time.Minute); p.oldest() != ""; time.Sleep(lookEvery) {
		if err := p.look(); err != nil {
			return err
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("%d probes of %d did not come", len(p.waiting), p.sent)
		}
	}
	return nil
}
