package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// benchPage measures what it takes from the pipeline that somebody looks at the live page. The machine's cores are all that events wait for, so
// what the page takes of them is what it slows ingestion by.
func benchPage(ctx context.Context, b *bench) error {
	u, err := b.startUp(ctx)
	if err != nil {
		return err
	}
	defer u.stop()
	gen := &load{addr: u.http, traffic: newTraffic(50_000, 1<<40, false), shape: shape{connections: max(1, b.connections/8), batch: b.batch, rate: b.rate}}
	if _, err := gen.run(ctx, 4*b.window, 0); err != nil { // something to look at
		return err
	}
	var looked browser
	if err := b.onlyLooking(ctx, u, gen.accepted.Load(), &looked); err != nil {
		return err
	}
	rounds, err := b.lookedAt(ctx, u, gen, &looked)
	if err != nil {
		return err
	}
	var closed, open, ratios, openings []float64
	for _, r := range rounds {
		closed, open, ratios, openings = append(closed, r.closed), append(open, r.open), append(ratios, r.open/r.closed), append(openings, r.opening)
	}
	const goal = 1.05
	r := median(ratios)
	b.report.add(row{
		path: "live page open, " + amount(b.rate, "events") + " coming in", figure: fmt.Sprintf("%.2f µs of CPU an event", median(open)),
		baseline: fmt.Sprintf("%.2f µs closed", median(closed)), ratio: ratio(r), goal: fmt.Sprintf("<= %.2fx", goal), met: r <= goal,
	})
	b.report.note("live page: ratios of the rounds %.3f; opening it took %.1f s until all charts were there", ratios, openings)
	return nil
}

// lookRound is what an event costs with the page open, and on the average of before and after: microseconds. Opening it took some seconds.
type lookRound struct{ open, closed, opening float64 }

// lookedAt measures some rounds. Each with the page lies between two without: what changes with time, as tables grow, falls out.
func (b *bench) lookedAt(ctx context.Context, u *upRun, gen *load, looked *browser) (rounds []lookRound, err error) {
	before, err := b.ingest(ctx, u, gen)
	if err != nil {
		return nil, err
	}
	for range b.rounds {
		opening, with, err := b.look(ctx, u, gen, looked)
		if err != nil {
			return nil, err
		}
		after, err := b.ingest(ctx, u, gen)
		if err != nil {
			return nil, err
		}
		rounds = append(rounds, lookRound{open: with, closed: (before + after) / 2, opening: opening})
		before = after
	}
	return rounds, nil
}

// look opens the page, waits while events come in until it has all charts, and measures then, while somebody goes on looking. It gives the seconds
// of the wait, and what an event costs.
func (b *bench) look(ctx context.Context, u *upRun, gen *load, looked *browser) (opening, cost float64, err error) {
	began := time.Now()
	defer looked.open(ctx, u.tables.addr)()
	for !looked.complete() {
		if time.Since(began) > time.Minute {
			return 0, 0, errors.New("the live page does not have all charts after a minute")
		}
		if _, err = b.ingest(ctx, u, gen); err != nil {
			return 0, 0, err
		}
	}
	opening = time.Since(began).Seconds()
	cost, err = b.ingest(ctx, u, gen)
	return opening, cost, err
}

// onlyLooking measures what the page takes while nothing comes in: what other work on the machine does to the rounds is not in it.
func (b *bench) onlyLooking(ctx context.Context, u *upRun, stored int64, looked *browser) error {
	missing, err := u.stored(ctx, stored)
	if err != nil {
		return err
	}
	before := b.cores(u)
	stop := looked.open(ctx, u.tables.addr)
	b.cores(u) // the first answers
	looks := b.cores(u)
	stop()
	if !looked.complete() {
		return errors.New("the live page does not have all charts")
	}
	rests := min(before, b.cores(u)) // merges of what came in before may still go on
	const goal = 0.05
	share := max(0, looks-rests) / float64(runtime.NumCPU())
	b.report.add(row{
		path: "live page open, nothing coming in", figure: fmt.Sprintf("%.3f cores", looks), baseline: fmt.Sprintf("%.3f cores closed", rests), ratio: fmt.Sprintf("%.1f %%", 100*share),
		goal: fmt.Sprintf("< %.0f %% of the machine", 100*goal), met: share < goal && missing == 0,
	})
	return nil
}

// cores gives how many cores the pipeline uses, on the average of a while.
func (b *bench) cores(u *upRun) float64 {
	m := newMeter(u.pids)
	time.Sleep(b.window)
	used := m.stop()
	delete(used.cpu, loadName)
	return used.sum(1).Seconds() / used.elapsed.Seconds()
}

// ingest gives what an event costs while they come in at their rate: microseconds of the processor time of all parts together.
func (b *bench) ingest(ctx context.Context, u *upRun, gen *load) (float64, error) {
	m := newMeter(u.pids)
	r, err := gen.run(ctx, b.window, 0)
	if err != nil {
		return 0, err
	}
	if r.eventsPerSecond() < 0.95*gen.rate {
		b.report.note("live page: only %s came in", amount(r.eventsPerSecond(), "events"))
	}
	used := m.stop()
	delete(used.cpu, loadName)
	return float64(used.sum(1).Microseconds()) / float64(r.accepted), nil
}

// browser looks at the live page as one does: the page and its files, what the filters offer, and the stream of answers.
type browser struct {
	mu  sync.Mutex
	has map[string]bool // the names of the answers since it was opened
}

// charts are the answers that fill the page.
var charts = []string{"summary", "funnel", "flows", "channels", "refusals", "trend"}

// complete tells whether every chart has come.
func (w *browser) complete() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !slices.ContainsFunc(charts, func(name string) bool { return !w.has[name] })
}

func (w *browser) told(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.has[name] = true
}

// open looks until the function that it gives is called.
func (w *browser) open(ctx context.Context, addr string) func() {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	w.has = map[string]bool{}
	go func() {
		defer close(done)
		page := "http://" + addr + "/live/"
		for _, file := range []string{"", "app.css", "app.js", "api/about", "api/options?range=90d"} {
			if request, err := http.NewRequestWithContext(ctx, http.MethodGet, page+file, nil); err == nil {
				_, _ = read(request) // what it does not get it does not see
			}
		}
		for ctx.Err() == nil { // as browsers do, it comes again when the stream breaks
			w.listen(ctx, page+"api/events?range=90d")
		}
	}()
	return func() { cancel(); <-done }
}

// listen takes the answers of the stream.
func (w *browser) listen(ctx context.Context, url string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		time.Sleep(100 * time.Millisecond)
		return
	}
	defer resp.Body.Close()
	for lines := bufio.NewReader(resp.Body); ; {
		line, err := lines.ReadString('\n')
		if name, found := strings.CutPrefix(line, "event: "); found {
			w.told(strings.TrimSpace(name))
		}
		if err != nil {
			if err != io.EOF {
				return
			}
			time.Sleep(100 * time.Millisecond)
			return
		}
	}
}
