package faults

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// TestClickHouseFaults: ClickHouse refuses, answers with errors after it has done the work, cuts connections before and after,
// is slow, read-only, out of disk, away.
func TestClickHouseFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	x := r.startTraffic(t)
	r.assigned(t, r.processors[0]) // without ClickHouse a processor does not start
	random := rand.New(rand.NewPCG(*seed, 300))
	var mu sync.Mutex
	faults := []action{
		{code: 242, name: "TABLE_IS_READ_ONLY"},
		{code: 164, name: "READONLY"},
		{code: 243, name: "NOT_ENOUGH_SPACE"},
		{code: 241, name: "MEMORY_LIMIT_EXCEEDED"},
		{code: 252, name: "TOO_MANY_PARTS"},
		{code: 999, name: "KEEPER_EXCEPTION", apply: true},
		{code: 159, name: "TIMEOUT_EXCEEDED", apply: true},
		{code: 319, name: "UNKNOWN_STATUS_OF_INSERT", apply: true},
		{drop: true},
		{drop: true, apply: true},
		{delay: 300 * time.Millisecond},
		{code: 159, name: "TIMEOUT_EXCEEDED", later: 700 * time.Millisecond},
	}
	const interfered = 10
	for i, share := range []float64{0.5, 1, 0.3} {
		r.gateway.set(func(string) action {
			mu.Lock()
			defer mu.Unlock()
			if random.Float64() >= share {
				return action{}
			}
			return faults[random.IntN(len(faults))]
		})
		// A flush goes out every half second: stay until enough of them were met.
		for deadline := time.Now().Add(20 * time.Second); r.gateway.count() < (i+1)*interfered/2 && time.Now().Before(deadline); {
			x.more(t, 500)
		}
	}
	r.gateway.set(nil)
	x.more(t, 300) // those that come later have come
	r.stopEngine(t)
	x.more(t, 500)
	time.Sleep(time.Second)
	r.startEngine(t)
	x.stop(t)
	if x.failed.Load() > 0 {
		t.Errorf("%d posts failed: the collector must not need ClickHouse", x.failed.Load())
	}
	if n := r.gateway.count(); n < interfered {
		t.Errorf("only %d requests were interfered with", n)
	}
	r.verdict(t)
}
