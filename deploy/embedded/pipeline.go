// Package embedded takes a data folder and gives the whole pipeline on one machine: broker, engine, processor and
// collector, wired to one another by loopback addresses and nothing else.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/throughline/throughline/collector"
	"github.com/throughline/throughline/dashboards/live"
	"github.com/throughline/throughline/deploy/embedded/broker"
	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/migrate"
	"github.com/throughline/throughline/processor"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
)

// Config of the pipeline. Addresses and folders within Collector and Processor that lead from one part to another are
// filled in by New.
type Config struct {
	DataDir   string
	Broker    broker.Config
	Engine    engine.Config
	Collector collector.Config
	Processor processor.Config
	Page      live.Config
	// What is posted waits in Kafka: somebody works on the tables.
	WithoutProcessor bool
}

// Deps are what the pipeline is given.
type Deps struct {
	Logger    *slog.Logger
	Registry  *prometheus.Registry
	Sites     *sites.Sites
	LoadRules func(file string) (*stages.Rules, error)
	// Tracer is nil where nothing is traced.
	Tracer trace.TracerProvider
}

// Pipeline is everything in one process, but for the engine, which is a child of it.
type Pipeline struct {
	cfg       Config
	deps      Deps
	broker    *broker.Broker
	engine    *engine.Engine
	collector *collector.Collector
	page      *page

	stopProcessor context.CancelFunc
	processed     chan struct{}
	failed        chan error
}

// New fills in the folders; it opens nothing.
func New(cfg Config, deps Deps) *Pipeline {
	cfg.Broker.DataDir = filepath.Join(cfg.DataDir, "kafka")
	cfg.Engine.DataDir = filepath.Join(cfg.DataDir, "clickhouse")
	cfg.Processor.StateDir = filepath.Join(cfg.DataDir, "state")
	cfg.Collector.SpoolDir = filepath.Join(cfg.DataDir, "spool")
	return &Pipeline{cfg: cfg, deps: deps, processed: make(chan struct{}), failed: make(chan error, 1)}
}

// Start starts broker and engine side by side, applies migrations, then starts processor and collector. When a part
// fails, those before it are stopped.
func (p *Pipeline) Start(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
		}
	}()
	if err := p.startServers(ctx); err != nil {
		return err
	}
	if !p.cfg.WithoutProcessor {
		if err := p.startProcessor(ctx); err != nil {
			return err
		}
	}
	rules, err := p.deps.LoadRules("")
	if err != nil {
		return fmt.Errorf("stage rules: %w", err)
	}
	cfg := p.cfg.Collector
	cfg.Brokers = []string{p.broker.Addr()}
	c, err := collector.New(cfg, collector.Deps{
		Logger: p.deps.Logger.With("component", "collector"), Registerer: p.deps.Registry, Gatherer: p.deps.Registry,
		Sites: p.deps.Sites, RulesVersion: rules.Version(), Tracer: p.deps.Tracer,
	})
	if err != nil {
		return fmt.Errorf("collector: %w", err)
	}
	if err := c.Start(ctx); err != nil {
		return fmt.Errorf("collector: %w", err)
	}
	p.collector = c
	return p.startPage(ctx)
}

func (p *Pipeline) startServers(ctx context.Context) error {
	p.cfg.Broker.Metrics = p.deps.Registry
	b, err := broker.New(p.cfg.Broker, p.deps.Logger.With("component", "broker"))
	if err != nil {
		return err
	}
	if p.page, err = listenPage(ctx); err != nil {
		return err
	}
	p.cfg.Engine.PageAddr = p.page.listener.Addr().String()
	brokerUp := make(chan error, 1)
	go func() { brokerUp <- b.Start(ctx) }()
	e, engineErr := engine.Start(ctx, p.cfg.Engine)
	if engineErr == nil {
		p.engine = e
	}
	if err := <-brokerUp; err != nil {
		return errors.Join(engineErr, err)
	}
	p.broker = b
	if engineErr != nil {
		return fmt.Errorf("engine: %w", engineErr)
	}
	if _, err := migrate.Apply(ctx, p.engine.DSN(), migrate.Options{Fsync: p.cfg.Broker.Sync}); err != nil {
		return err
	}
	return nil
}

func (p *Pipeline) startProcessor(ctx context.Context) error {
	cfg := p.cfg.Processor
	cfg.Brokers = []string{p.broker.Addr()}
	rows := store.Config{DSN: p.engine.DSN()}
	log := p.deps.Logger.With("component", "processor")
	proc, err := processor.New(cfg, processor.Deps{
		Logger: log, Registerer: p.deps.Registry, Gatherer: p.deps.Registry,
		Sites: p.deps.Sites, LoadRules: p.deps.LoadRules, Tracer: p.deps.Tracer,
		OpenStore: func(ctx context.Context) (processor.Store, error) {
			return store.OpenWatched(ctx, rows, log, p.deps.Registry, processor.WatchInterval)
		},
	})
	if err != nil {
		return fmt.Errorf("processor: %w", err)
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.stopProcessor = cancel
	go func() {
		defer close(p.processed)
		if err := proc.Run(run); err != nil {
			p.failed <- fmt.Errorf("processor: %w", err)
		}
	}()
	return nil
}

// Failed gives why a part ended by itself.
func (p *Pipeline) Failed() <-chan error { return p.failed }

// CollectorAddr is where touchpoints are posted.
func (p *Pipeline) CollectorAddr() string { return p.collector.PublicAddr() }

// AdminAddr is where the metrics of all parts are.
func (p *Pipeline) AdminAddr() string { return p.collector.AdminAddr() }

// QueryAddr is where ClickHouse's HTTP interface is.
func (p *Pipeline) QueryAddr() string { return p.engine.Addr() }

// QueryDSN is the same for clickhouse-go.
func (p *Pipeline) QueryDSN() string { return p.engine.DSN() }

// BrokerAddr is where the Kafka protocol is spoken.
func (p *Pipeline) BrokerAddr() string { return p.broker.Addr() }

// stopLimit bounds the stopping of one part.
const stopLimit = 15 * time.Second

// Stop stops in reverse: no more events in, what was accepted flushed as far as time allows, then the servers.
func (p *Pipeline) Stop(ctx context.Context) (err error) {
	part := func(name string, stop func(context.Context) error) {
		ctx, cancel := context.WithTimeout(ctx, stopLimit)
		defer cancel()
		if e := stop(ctx); e != nil {
			err = errors.Join(err, fmt.Errorf("stop %s: %w", name, e))
		}
	}
	if p.collector != nil {
		part("collector", p.collector.Stop)
	}
	if p.stopProcessor != nil {
		p.stopProcessor()
		part("processor", func(ctx context.Context) error {
			select {
			case <-p.processed:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}
	if p.page != nil {
		part("live page", p.page.close)
	}
	if p.engine != nil {
		part("engine", p.engine.Stop)
	}
	if p.broker != nil {
		part("broker", func(context.Context) error { return p.broker.Stop() })
	}
	return err
}
