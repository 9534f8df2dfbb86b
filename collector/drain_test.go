package collector

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// TestDrainTakesRequestsAndSaysNo drains for longer than the test takes: nothing but the end of ctx ends it.
func TestDrainTakesRequestsAndSaysNo(t *testing.T) {
	b := startBroker(t, t.TempDir(), "127.0.0.1:0")
	x := startCollector(t, b.Addr(), func(c *Config) { c.DrainDelay = time.Hour })
	c := client(t)
	x.mustAccept(t, c, "before")
	ctx, cancel := context.WithCancel(t.Context())
	drained := make(chan struct{})
	go func() { defer close(drained); x.Drain(ctx) }()
	for status := 0; status != 503; {
		status, _ = x.admin(t, "/readyz")
	}
	for i := range 20 {
		x.mustAccept(t, c, fmt.Sprint("while-draining-", i))
	}
	select {
	case <-drained:
		t.Error("it did not wait")
	default:
	}
	cancel()
	<-drained
	x.stop(t)
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
}
