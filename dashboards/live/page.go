// Package live takes the tables of ClickHouse and, where they can be had, the metrics of the pipeline, and gives one web page
// that shows them as they change: funnel, stage transitions, entry channels, arriving touchpoints, and how the pipeline does.
//
// The page asks the same .sql files as the Grafana panels (package dashboards), and those in sql/ where there is no panel.
// It asks as a reader, one statement at a time and on one thread, at most once a second for all who look together, and
// not at all when nobody looks. The browser's side is in web/; what is served of it is the bundle in dist/.
package live

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/ClickHouse/clickhouse-go/v2"
	dto "github.com/prometheus/client_model/go"

	schema "github.com/throughline/throughline/schemas/clickhouse"
)

// Path is where the page lies on its server.
const Path = "/live/"

// Config of a live page.
type Config struct {
	// DSN of ClickHouse as clickhouse-go reads it, with a user that may read and nothing else.
	DSN string
	// CollectorURL and WriteKey are shown to those who have not sent a touchpoint yet: http://127.0.0.1:8080 and local. A write key is
	// public; an empty one is shown as a placeholder.
	CollectorURL, WriteKey string
	// LoopbackOnly refuses requests for other hosts than this machine: a page of somebody else cannot read this one by giving
	// its own name this machine's address.
	LoopbackOnly bool
}

// Deps are what a page is given. Metrics may be nil.
type Deps struct {
	Logger *slog.Logger
	// Metrics gives the metrics of the pipeline's parts; nil when they are out of reach.
	Metrics func(context.Context) ([]*dto.MetricFamily, error)
}

// Page is the live page's server.
type Page struct {
	cfg    Config
	log    *slog.Logger
	reader *reader
	hub    *hub
	poller *poller
	assets *assets
	slots  chan struct{} // questions that a click asks, beside the poller's
}

// New checks the configuration; it does no I/O.
func New(cfg Config, deps Deps) (*Page, error) {
	options, err := clickhouse.ParseDSN(cfg.DSN)
	if err != nil {
		return nil, fmt.Errorf("live page: address of ClickHouse: %w", err)
	}
	if options.Auth.Database == "" || options.Auth.Database == "default" {
		options.Auth.Database = schema.DefaultDatabase
	}
	files, err := loadAssets()
	if err != nil {
		return nil, fmt.Errorf("live page: %w", err)
	}
	p := &Page{cfg: cfg, log: deps.Logger, reader: newReader(options), hub: newHub(), assets: files, slots: make(chan struct{}, 2)}
	p.poller = &poller{hub: p.hub, ask: p.reader.ask, metrics: deps.Metrics, log: deps.Logger}
	return p, nil
}

// Run asks ClickHouse for those who listen until ctx ends; then it ends their connections. Call it once.
func (p *Page) Run(ctx context.Context) {
	p.poller.run(ctx)
	p.hub.close()
	p.reader.close()
}

// Handler serves the page under Path.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path+"{$}", p.assets.serve("index.html"))
	mux.HandleFunc("GET "+Path+"app.js", p.assets.serve("app.js"))
	mux.HandleFunc("GET "+Path+"app.css", p.assets.serve("app.css"))
	mux.HandleFunc("GET "+Path+"icon.svg", p.assets.serve("icon.svg"))
	mux.HandleFunc("GET "+Path+"api/about", p.about)
	mux.HandleFunc("GET "+Path+"api/events", p.events)
	mux.HandleFunc("GET "+Path+"api/options", p.options)
	mux.HandleFunc("GET "+Path+"api/customers", p.customers)
	mux.HandleFunc("GET "+Path+"api/customer", p.customer)
	mux.HandleFunc("GET "+Path+"api/refused", p.refused)
	mux.Handle("GET /{$}", http.RedirectHandler(Path, http.StatusFound))
	return p.guard(mux)
}
