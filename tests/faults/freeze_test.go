package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

// held keeps INSERTs back until it is freed, and counts them.
type held struct {
	count   atomic.Int32
	release chan struct{}
	once    sync.Once
}

// hold begins to keep back INSERTs into some tables.
func (r *rig) hold(t *testing.T, tables ...string) *held {
	h := &held{release: make(chan struct{})}
	t.Cleanup(h.free)
	r.gateway.set(func(insert string) action {
		if !slices.Contains(tables, insert) {
			return action{}
		}
		h.count.Add(1)
		return action{hold: h.release}
	})
	return h
}

func (h *held) free() { h.once.Do(func() { close(h.release) }) }

// wait waits until so many INSERTs are on their way.
func (h *held) wait(t *testing.T, n int32) {
	t.Helper()
	harness.Eventually(t, 30*time.Second, "a flush is on its way", func() error {
		if got := h.count.Load(); got < n {
			return fmt.Errorf("%d INSERTs", got)
		}
		return nil
	})
}

// TestFrozenProcessor freezes a processor under load in the middle of a flush, between the INSERT of its touchpoints and those of
// the rows they amount to, and wakes it once another one has taken its partitions over and gone on.
func TestFrozenProcessor(t *testing.T) {
	t.Parallel()
	// Nothing is reconciled a second time here: the processor itself must see that it is late.
	r := newRig(t, options{env: []string{"PROCESSOR_LATE_INSERTS=0"}})
	x := r.startTraffic(t)
	frozen := r.processors[0]
	r.assigned(t, frozen)
	x.more(t, 300)
	h := r.hold(t, "touchpoints_log")
	h.wait(t, 1)
	frozen.signal(syscall.SIGSTOP)
	r.gateway.set(nil)
	h.free()
	x.more(t, 300)
	other := r.addProcessor(t)
	r.assigned(t, other)
	x.more(t, 300)
	frozen.signal(syscall.SIGCONT)
	r.assigned(t, r.processors...)
	x.stop(t)
	r.verdict(t)
	if text, err := os.ReadFile(r.logFile); err != nil || !bytes.Contains(text, []byte("others own the partitions now")) {
		t.Errorf("the frozen one did not notice: %v", err)
	}
}

// TestInsertLandsAfterTakeover: the first flush of all is on its way to ClickHouse when its processor dies; it lands when another
// processor has taken over, found nothing, and gone on.
func TestInsertLandsAfterTakeover(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{env: []string{"PROCESSOR_LATE_INSERTS=15s"}})
	h := r.hold(t, "sessions_log", "journeys_log", "stage_transitions_log")
	x := r.startTraffic(t)
	h.wait(t, 3)
	r.processors[0].kill()
	r.gateway.set(nil)
	x.more(t, 500)
	second := r.addProcessor(t)
	r.assigned(t, second)
	x.more(t, 100)
	if r.readAgain(t) > 0 {
		t.Skip("this machine is too slow to be late at the right moment")
	}
	h.free()
	x.stop(t)
	harness.Eventually(t, time.Minute, "what was replayed is read again", func() error {
		if r.readAgain(t) < r.partitions {
			return errors.New("not yet")
		}
		return nil
	})
	r.verdict(t)
}

// readAgain is how many partitions have been read a second time.
func (r *rig) readAgain(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(r.logFile)
	must(t, err)
	return bytes.Count(text, []byte("read again what was replayed"))
}
