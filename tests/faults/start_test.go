package faults

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

// waits looks at a processor for a while: it must run, say that it is not ready, and name what it waits for.
func (r *rig) waits(t *testing.T, s *service, missing string) {
	t.Helper()
	var said string
	harness.Eventually(t, 20*time.Second, "/readyz answers", func() (err error) {
		said, err = s.readiness()
		return err
	})
	for range 20 {
		if !strings.HasPrefix(said, "503") || !strings.Contains(said, `"`+missing+`":"waiting`) {
			t.Fatalf("without %s /readyz says %q", missing, said)
		}
		select {
		case <-s.ended:
			t.Fatalf("without %s the processor has ended: %v", missing, s.err)
		case <-time.After(100 * time.Millisecond):
		}
		var err error
		said, err = s.readiness()
		must(t, err)
	}
}

// readiness is the status and the body of /readyz.
func (s *service) readiness() (string, error) {
	resp, err := http.Get("http://" + s.admin + "/readyz")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.Status + " " + string(body), err
}

// TestAwayAtTheStart starts a processor while ClickHouse is away, and again while Kafka is: it waits, says so, and goes on by
// itself. Told to stop while it waits, it stops.
func TestAwayAtTheStart(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{})
	x := r.startTraffic(t)
	x.more(t, 300)
	p := r.processors[0]
	p.kill()
	r.stopEngine(t)
	r.start(t, p)
	r.waits(t, p, "clickhouse")
	p.stop(t, stopLimit)
	r.start(t, p)
	x.more(t, 300)
	r.startEngine(t)
	r.ready(t, p)

	p.kill()
	r.stopBroker(t)
	r.start(t, p)
	r.waits(t, p, "kafka")
	p.stop(t, stopLimit)
	r.start(t, p)
	r.startBroker(t)
	r.ready(t, p)
	x.stop(t)
	r.verdict(t)
}
