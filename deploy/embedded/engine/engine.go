package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"
)

// Engine is a running engine, seen from the parent.
type Engine struct {
	cfg     Config
	sockets []*os.File // passed to every child
	addrs   []net.Addr
	metrics *metrics
	stop    chan struct{} // closed by Stop
	ended   chan struct{} // closed when the last child is gone
	once    sync.Once
	last    error // how the last child ended; read it after ended

	mu struct {
		sync.Mutex
		child *child // nil between two
	}
}

// Start runs the engine in a child process and waits until it answers, for as long as ctx allows
// (opening the library and a data folder takes about a second). After that it is restarted
// whenever it dies, until Stop.
func Start(ctx context.Context, cfg Config) (*Engine, error) {
	cfg, err := cfg.defaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, stop: make(chan struct{}), ended: make(chan struct{})}
	e.metrics = newMetrics(e)
	if err := e.listen(ctx); err != nil {
		e.closeSockets()
		return nil, err
	}
	first, err := e.spawn(0)
	if err == nil {
		err = e.ready(ctx, first)
	}
	if err != nil {
		first.kill()
		e.closeSockets()
		return nil, fmt.Errorf("start the ClickHouse engine: %w", err)
	}
	if cfg.Metrics != nil {
		if err := cfg.Metrics.Register(e.metrics); err != nil {
			first.kill()
			e.closeSockets()
			return nil, fmt.Errorf("register the engine's metrics: %w", err)
		}
	}
	e.mu.child = first
	go e.supervise(first)
	return e, nil
}

// listen opens the sockets. They stay open from child to child, so that the address stays and
// clients wait, instead of being refused, while the engine restarts.
func (e *Engine) listen(ctx context.Context) error {
	for _, addr := range []string{e.cfg.Listen, e.cfg.ReaderListen} {
		if addr == "" {
			continue
		}
		l, err := listenSoon(ctx, addr)
		if err != nil {
			return fmt.Errorf("listen for ClickHouse clients: %w", err)
		}
		file, err := l.(*net.TCPListener).File()
		e.addrs = append(e.addrs, l.Addr())
		if err = errors.Join(err, l.Close()); err != nil {
			return fmt.Errorf("pass the listening socket on: %w", err)
		}
		e.sockets = append(e.sockets, file)
	}
	return nil
}

func (e *Engine) closeSockets() {
	for _, s := range e.sockets {
		_ = s.Close() // nothing was written
	}
}

// Addr is the address of the HTTP interface.
func (e *Engine) Addr() string { return e.addrs[0].String() }

// ReaderAddr is the read-only address, "" without one.
func (e *Engine) ReaderAddr() string {
	if len(e.addrs) < 2 {
		return ""
	}
	return e.addrs[1].String()
}

// DSN is what clickhouse-go's ParseDSN wants.
func (e *Engine) DSN() string {
	u := url.URL{Scheme: "http", Host: e.Addr(), Path: "/default"}
	if e.cfg.AdminPassword != "" {
		u.User = url.UserPassword("default", e.cfg.AdminPassword)
	}
	return u.String()
}

// ReaderDSN is the same for a user that may read and nothing else.
func (e *Engine) ReaderDSN() string {
	u := url.URL{Scheme: "http", Host: e.Addr(), Path: "/default", User: url.User("reader")}
	if e.cfg.ReaderPassword != "" {
		u.User = url.UserPassword("reader", e.cfg.ReaderPassword)
	}
	return u.String()
}

// Done is closed when the engine has been stopped.
func (e *Engine) Done() <-chan struct{} { return e.ended }

// Pid is the process id of the running child, 0 while there is none.
func (e *Engine) Pid() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mu.child == nil {
		return 0
	}
	return e.mu.child.cmd.Process.Pid
}

// Stop lets the engine finish, or kills it when ctx ends first. The error is that of an
// engine that did not end cleanly; its data is safe all the same. Stop may be called again.
func (e *Engine) Stop(ctx context.Context) error {
	e.once.Do(func() {
		close(e.stop)
		if e.cfg.Metrics != nil {
			e.cfg.Metrics.Unregister(e.metrics)
		}
	})
	select {
	case <-e.ended:
		return e.last
	case <-ctx.Done():
		e.mu.Lock()
		e.mu.child.kill()
		e.mu.Unlock()
		<-e.ended
		return fmt.Errorf("stop the ClickHouse engine: killed: %w", ctx.Err())
	}
}

// ready waits until the child answers, or has died.
func (e *Engine) ready(ctx context.Context, c *child) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-c.dead:
			cancel(fmt.Errorf("the child process ended: %w", c.reason()))
		case <-ctx.Done():
		}
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.Addr()+"/ping", nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(r) // waits in the socket's queue until the child accepts
		if err == nil {
			return answer.Body.Close()
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
