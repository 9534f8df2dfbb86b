package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// gate holds answers back until what they tell about is on disk. All answers that wait while one sync runs share
// the next one, whatever partition or connection they belong to; the broker itself would sync twice for each batch,
// one batch after another.
type gate struct {
	log   *slog.Logger
	flush func() error

	mu struct {
		sync.Mutex
		ended    *sync.Cond // a sync has ended
		running  bool
		started  uint64 // syncs begun
		finished uint64 // syncs ended
		err      error
	}
}

func newGate(log *slog.Logger, flush func() error) *gate {
	g := &gate{log: log, flush: flush}
	g.mu.ended = sync.NewCond(&g.mu.Mutex)
	return g
}

var errStopped = errors.New("broker: stopped")

// pass returns once a sync has succeeded that began after the call. After a failed sync it always fails: the
// operating system may drop what it could not write, and a later success would say nothing about it.
func (g *gate) pass() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	target := g.mu.started + 1
	for g.mu.err == nil && g.mu.finished < target {
		if g.mu.running {
			g.mu.ended.Wait()
		} else {
			g.lead()
		}
	}
	return g.mu.err
}

// lead runs one sync for everyone who waits. The caller holds mu.
func (g *gate) lead() {
	g.mu.running = true
	g.mu.started++
	g.mu.Unlock()
	err := g.flush()
	g.mu.Lock()
	g.mu.running = false
	g.mu.finished = g.mu.started
	if err != nil {
		g.mu.err = fmt.Errorf("broker: sync: %w", err)
		g.log.Error("broker: cannot write to disk, nothing is acknowledged until a restart", "error", err)
	}
	g.mu.ended.Broadcast()
}

// end makes the gate refuse, waits for a sync that runs, and then calls release.
func (g *gate) end(release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.err == nil {
		g.mu.err = errStopped
	}
	for g.mu.running {
		g.mu.ended.Wait()
	}
	release()
}

// failure is the error of the sync that failed, nil while there is none.
func (g *gate) failure() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.mu.err
}
