package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/throughline/throughline/dashboards/live"
)

// page is the live page's server. It listens on a loopback port of its own; the engine's process passes on to it what
// browsers ask on the query address, so that inserts go straight to the engine.
type page struct {
	listener net.Listener
	server   *http.Server
	stop     context.CancelFunc
	ended    chan struct{}
}

// listenPage opens the port, which the engine has to know before it starts.
func listenPage(ctx context.Context) (*page, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("live page: %w", err)
	}
	return &page{listener: l, ended: make(chan struct{})}, nil
}

// start serves the page. Browsers that came earlier have waited in the socket's queue.
func (p *page) start(ctx context.Context, cfg live.Config, deps live.Deps) error {
	site, err := live.New(cfg, deps)
	if err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = cancel
	p.server = &http.Server{Handler: site.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(p.ended)
		site.Run(run)
	}()
	go func() {
		if err := p.server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			deps.Logger.Error("live page has ended", "error", err)
		}
	}()
	return nil
}

// close ends open connections, so that the engine need not wait for them.
func (p *page) close(ctx context.Context) error {
	if p.server == nil {
		return p.listener.Close()
	}
	p.stop()
	select {
	case <-p.ended:
	case <-ctx.Done():
	}
	return p.server.Shutdown(ctx)
}

// startPage serves the page of a running pipeline.
func (p *Pipeline) startPage(ctx context.Context) error {
	cfg := p.cfg.Page
	cfg.DSN, cfg.CollectorURL = p.engine.ReaderDSN(), "http://"+p.CollectorAddr()
	cfg.LoopbackOnly = live.Loopback(p.engine.Addr())
	return p.page.start(ctx, cfg, live.Deps{
		Logger:  p.deps.Logger.With("component", "live"),
		Metrics: func(context.Context) ([]*dto.MetricFamily, error) { return p.deps.Registry.Gather() },
	})
}

// PageURL is where a browser finds the live page.
func (p *Pipeline) PageURL() string { return "http://" + p.engine.Addr() + live.Path }
