package faults

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// TestKilledAtRandom kills collectors, processors, the broker and the engine at random moments, as kill -9 does, under load. The
// kills are spread over all events.
func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{collectors: 2, processors: 2, partitions: 3})
	x := r.startTraffic(t)
	random := rand.New(rand.NewPCG(*seed, 100))
	count := map[string]int{}
	for k := range *kills {
		x.due(k * (*events / max(*kills, 1)))
		if k%20 == 19 {
			t.Logf("%d kills so far, %d events acknowledged", k, x.acked.Load())
		}
		time.Sleep(time.Duration(100+random.IntN(700)) * time.Millisecond)
		away := time.Duration(random.IntN(300)) * time.Millisecond
		switch random.IntN(5) {
		case 0, 1:
			s := r.collectors[random.IntN(len(r.collectors))]
			s.kill()
			time.Sleep(away)
			r.start(t, s)
			count["collector"]++
		case 2:
			s := r.processors[random.IntN(len(r.processors))]
			s.kill()
			time.Sleep(away)
			r.start(t, s)
			count["processor"]++
		case 3:
			r.stopBroker(t)
			time.Sleep(away)
			r.startBroker(t)
			count["broker"]++
		case 4:
			if pid := r.engine.Pid(); pid > 0 { // it is started again by itself
				must(t, syscall.Kill(pid, syscall.SIGKILL))
				count["engine"]++
			}
		}
	}
	t.Logf("killed %v; %d posts failed", count, x.failed.Load())
	x.stop(t)
	for _, c := range r.collectors {
		r.ready(t, c)
	}
	r.verdict(t)
}
