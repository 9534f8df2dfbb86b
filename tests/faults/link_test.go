package faults

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// mode is what a link does with what goes through it.
type mode int

const (
	open  mode = iota
	cut        // connections are refused, those that are open are reset
	hole       // bytes vanish, connections stay open, and those that lost some stay so for good: a router that forgot them
	slow       // each piece waits
	muted      // requests arrive, answers vanish
)

// link is a TCP proxy on loopback.
type link struct {
	addr, target string
	mu           sync.Mutex
	mode         mode
	conns        map[net.Conn]bool
}

func newLink(t testing.TB, target string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	l := &link{addr: listener.Addr().String(), target: target, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = listener.Close(); l.set(cut) })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go l.serve(c)
		}
	}()
	return l
}

// set changes the mode. Connections whose answers were swallowed are reset when that ends.
func (l *link) set(m mode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m == cut || l.mode == muted {
		for c := range l.conns {
			_ = c.Close()
		}
	}
	l.mode = m
}

func (l *link) now() mode {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mode
}

func (l *link) serve(client net.Conn) {
	defer l.forget(client)
	if !l.remember(client) {
		return
	}
	server, err := net.Dial("tcp", l.target)
	if err != nil {
		return
	}
	defer l.forget(server)
	if !l.remember(server) {
		return
	}
	var both sync.WaitGroup
	var dead atomic.Bool
	both.Go(func() { l.pump(server, client, &dead, open) })
	both.Go(func() { l.pump(client, server, &dead, muted) })
	both.Wait()
}

// remember takes a connection into the list; false while the link is cut.
func (l *link) remember(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mode == cut {
		return false
	}
	l.conns[c] = true
	return true
}

func (l *link) forget(c net.Conn) {
	l.mu.Lock()
	delete(l.conns, c)
	l.mu.Unlock()
	_ = c.Close()
}

// pump copies until either end closes. What comes in a mode is swallowed, and in a hole, and whatever comes after that.
func (l *link) pump(to, from net.Conn, dead *atomic.Bool, swallow mode) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		now := l.now()
		if now == slow {
			time.Sleep(150 * time.Millisecond)
		}
		if now == hole && n > 0 {
			dead.Store(true)
		}
		if lost := dead.Load() || now == swallow && now != open; n > 0 && !lost {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
