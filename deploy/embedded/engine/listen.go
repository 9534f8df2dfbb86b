package engine

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

// listenPatience is how long an address in use may stay so: the engine of a parent that was killed a moment ago holds
// it until it has noticed.
const listenPatience = 5 * time.Second

// listenSoon listens, waiting a little for an address that is in use.
func listenSoon(ctx context.Context, addr string) (net.Listener, error) {
	deadline := time.Now().Add(listenPatience)
	for {
		var config net.ListenConfig
		l, err := config.Listen(ctx, "tcp", addr)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(deadline) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
