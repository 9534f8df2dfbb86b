package processor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go/sasl"
	"go.opentelemetry.io/otel/trace"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/state"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Store is where the rows go. store.Classify tells what to do about its errors.
type Store interface {
	Write(ctx context.Context, batches ...*store.Batch) error
	// LiveKeys calls fn for each stored row of the customers that is not a tombstone.
	LiveKeys(ctx context.Context, customers []touchpoint.Customer, fn func(store.LiveKey) error) error
	// Floors gives the greatest version of any stored session, journey or transition of each customer, tombstones included.
	Floors(ctx context.Context, customers []touchpoint.Customer) (map[touchpoint.Customer]uint64, error)
	// Restore calls fn for each stored touch of the buckets of a partition, those of a customer one after another.
	Restore(ctx context.Context, partition, partitions int, since time.Time, fn func(*store.TouchRow) error) error
	// RestoreLinks calls fn for each anonymous id of those buckets that a user was ever seen on.
	RestoreLinks(ctx context.Context, partition, partitions int, fn func(*store.LinkedID) error) error
	// RestoreSources calls fn for each anonymous id that a user of those buckets was ever seen on, or has touches from, those of a
	// user one after another.
	RestoreSources(ctx context.Context, partition, partitions int, fn func(*store.SourceOf) error) error
	// Touches, Links and Sources are the same for some customers, whoever's they are.
	Touches(ctx context.Context, customers []touchpoint.Customer, fn func(*store.TouchRow) error) error
	Links(ctx context.Context, customers []touchpoint.Customer, fn func(*store.LinkedID) error) error
	Sources(ctx context.Context, users []touchpoint.Customer, fn func(*store.SourceOf) error) error
	// Erasures gives what was ever erased.
	Erasures(ctx context.Context) ([]erasure.Mark, error)
	// Rebuilds gives the steps of the last rebuild of each site.
	Rebuilds(ctx context.Context) ([]store.RebuildStep, error)
}

// Deps are what the processor is given.
type Deps struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Gatherer   prometheus.Gatherer
	Sites      *sites.Sites
	// LoadRules reads a site's stage rules; "" is the built-in set.
	LoadRules func(file string) (*stages.Rules, error)
	// OpenStore connects to ClickHouse, once, in Run, and may wait for it.
	OpenStore func(ctx context.Context) (Store, error)
	// KafkaTLS and KafkaSASL are nil for plain connections.
	KafkaTLS  *tls.Config
	KafkaSASL sasl.Mechanism
	// Tracer is nil where nothing is traced.
	Tracer trace.TracerProvider
}

// Processor is one member of the group of processors.
type Processor struct {
	cfg     Config
	deps    Deps
	rules   *rulebook
	metrics *metrics
	admin   *admin
	kafka   *consume.Watcher
	// Whether ClickHouse has answered and a generation is owned, for readiness.
	connected, owning atomic.Bool
}

// New checks configuration and rules; it does no I/O but reading rules files.
func New(cfg Config, deps Deps) (*Processor, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	rules, err := newRulebook(deps.Sites, deps.LoadRules)
	if err != nil {
		return nil, err
	}
	p := &Processor{cfg: cfg, deps: deps, rules: rules, metrics: newMetrics(deps.Registerer, rules)}
	if p.kafka, err = consume.NewWatcher([]string{topics.Touchpoints, topics.Rejected}, deps.Registerer); err != nil {
		return nil, err
	}
	p.admin = newAdmin(cfg.AdminListen, deps.Gatherer, p.ready)
	return p, nil
}

// WatchInterval is how often the servers beside a processor are asked how they do.
const WatchInterval = 15 * time.Second

// Run opens state and store, joins the group and works until ctx is done. It returns after the flush under way is
// finished or its grace period is over.
func (p *Processor) Run(ctx context.Context) (err error) {
	st, err := state.Open(state.Config{Dir: p.cfg.StateDir, CacheBytes: p.cfg.StateCache}, pebbleLogger{p.deps.Logger})
	if err != nil {
		return fmt.Errorf("%w (the state is a cache: stop the processor and delete the folder to have it restored)", err)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	p.deps.Registerer.MustRegister(st)
	defer p.deps.Registerer.Unregister(st)
	if err := p.admin.start(); err != nil {
		return err
	}
	defer p.admin.stop()
	rows, err := p.tables(ctx)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	p.connected.Store(true)
	defer p.connected.Store(false)
	consumer := consume.Config{
		Brokers: p.cfg.Brokers, Group: p.cfg.Group, Topics: []string{topics.Touchpoints, topics.Rejected},
		SessionTimeout: p.cfg.SessionTimeout, TLS: p.deps.KafkaTLS, SASL: p.deps.KafkaSASL,
	}
	dead := newDeadLetter(consumer)
	defer dead.close()
	exchange := newExchange(consumer)
	defer exchange.close()
	fetcher := consume.NewFetcher(consumer)
	defer fetcher.Close()
	go p.kafka.Watch(ctx, fetcher, WatchInterval, p.deps.Logger)
	group := consume.NewGroup(consumer, p.deps.Logger)
	unread := &unsettled{from: map[int]int64{}}
	return group.Run(ctx, func(ctx context.Context, gen *consume.Generation) error {
		o := &owner{
			cfg: &p.cfg, deps: &p.deps, metrics: p.metrics, tracer: newTracer(p.deps.Tracer), rules: p.rules, state: st, store: rows,
			fetcher: fetcher, dead: dead, exchange: exchange, gen: gen, full: make(chan struct{}, 1),
			unsettled: unread,
		}
		o.reached = func(ctx context.Context) ([]consume.Reach, error) {
			return fetcher.Reached(ctx, p.cfg.Group, topics.Touchpoints, int(o.count))
		}
		p.metrics.generations.Inc()
		p.owning.Store(true)
		defer p.owning.Store(false)
		defer func() { p.metrics.forget(o.partitions) }()
		return o.run(ctx)
	})
}

// tables opens the store once ClickHouse is there and no rebuild is unfinished.
func (p *Processor) tables(ctx context.Context) (Store, error) {
	rows, err := p.deps.OpenStore(ctx)
	if err != nil {
		return nil, err
	}
	return rows, p.unlessRebuilding(ctx, rows)
}

// unlessRebuilding fails where a rebuild was not finished. It waits while ClickHouse is away.
func (p *Processor) unlessRebuilding(ctx context.Context, rows Store) error {
	for {
		steps, err := rows.Rebuilds(ctx)
		if err == nil {
			_, err = rebuiltOf(steps)
			return err
		}
		if ctx.Err() != nil || store.Classify(err) == store.Fatal {
			return err
		}
		p.deps.Logger.Warn("waiting for ClickHouse", "error", err)
		pause(ctx, time.Second)
	}
}

// unlessStopped is nil once ctx is done: to be stopped while waiting is no error.
func unlessStopped(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// ready names each check and what is wrong, nil where nothing is.
func (p *Processor) ready() map[string]error {
	checks := map[string]error{"clickhouse": nil, "kafka": nil}
	if !p.connected.Load() {
		checks["clickhouse"] = errors.New("waiting for it to answer")
	}
	if !p.owning.Load() {
		checks["kafka"] = errors.New("waiting for partitions from the consumer group")
	}
	return checks
}

// pebbleLogger passes on what Pebble says when something is wrong and drops its diary.
type pebbleLogger struct{ log *slog.Logger }

func (l pebbleLogger) Infof(string, ...any) {}

func (l pebbleLogger) Errorf(format string, args ...any) {
	l.log.Error("state", "message", fmt.Sprintf(format, args...))
}

func (l pebbleLogger) Fatalf(format string, args ...any) {
	l.log.Error("state cannot go on", "message", fmt.Sprintf(format, args...))
	panic("state: " + fmt.Sprintf(format, args...))
}
