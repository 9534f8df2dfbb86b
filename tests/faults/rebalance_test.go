package faults

import (
	"errors"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

var errNone = errors.New("not all are assigned")

// stopLimit is what the program allows itself for an orderly stop, and a little more.
const stopLimit = 25 * time.Second

// assigned waits until the processors own all partitions between them, and each at least one.
func (r *rig) assigned(t *testing.T, processors ...*service) {
	t.Helper()
	harness.Eventually(t, time.Minute, "each processor owns partitions", func() error {
		total := 0
		for _, s := range processors {
			n, err := s.metric("throughline_processor_assigned_partitions")
			if err != nil {
				return err
			}
			if n == 0 {
				return errNone
			}
			total += int(n)
		}
		if total < r.partitions {
			return errNone
		}
		return nil
	})
}

// TestRebalances: a second and a third processor join under load, one is stopped, one is killed, both come back.
func TestRebalances(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{partitions: 6})
	x := r.startTraffic(t)
	first := r.processors[0]
	x.more(t, 500)
	second := r.addProcessor(t)
	r.assigned(t, first, second)
	x.more(t, 500)
	third := r.addProcessor(t)
	r.assigned(t, first, second, third)
	x.more(t, 500)
	first.stop(t, stopLimit)
	r.assigned(t, second, third)
	x.more(t, 500)
	second.kill()
	r.start(t, first)
	r.assigned(t, first, third)
	r.start(t, second)
	r.assigned(t, first, second, third)
	x.stop(t)
	r.verdict(t)
}
