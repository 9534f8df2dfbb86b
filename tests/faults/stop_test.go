package faults

import (
	"testing"
	"time"
)

// TestStoppedDuringEverything asks processes to stop while they are loaded, and while ClickHouse or Kafka does not answer. Each
// ends by itself within its limit and with a clean exit.
func TestStoppedDuringEverything(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{collectors: 2, processors: 2})
	x := r.startTraffic(t)
	r.assigned(t, r.processors...)
	again := func(s *service) {
		x.more(t, 200)
		s.stop(t, stopLimit)
		r.start(t, s)
		r.ready(t, s)
	}
	t.Log("under load")
	again(r.collectors[0])
	again(r.processors[0])
	t.Log("while ClickHouse does not answer")
	r.gateway.set(func(string) action { return action{delay: time.Hour} })
	x.more(t, 200)
	r.processors[1].stop(t, stopLimit)
	r.gateway.set(nil)
	r.start(t, r.processors[1])
	t.Log("while Kafka does not answer")
	r.link.set(hole)
	x.more(t, 200)
	r.collectors[1].stop(t, stopLimit)
	r.processors[0].stop(t, stopLimit)
	r.link.set(open)
	r.start(t, r.collectors[1])
	r.start(t, r.processors[0])
	r.ready(t, r.collectors[1])
	x.stop(t)
	r.verdict(t)
}
