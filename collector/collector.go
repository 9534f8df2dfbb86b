// Package collector takes touchpoints over HTTP and gives them, checked and stamped, to Kafka; it answers only when
// they are durable. Beside the public address there is one for operators: metrics, health, readiness, profiles.
package collector

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go/sasl"
	"go.opentelemetry.io/otel/trace"

	"github.com/throughline/throughline/collector/admission"
	"github.com/throughline/throughline/collector/api"
	"github.com/throughline/throughline/collector/delivery"
	"github.com/throughline/throughline/collector/publish"
	"github.com/throughline/throughline/collector/tracker"
	contract "github.com/throughline/throughline/schemas/http"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/topics"
)

// Deps are what a collector works with.
type Deps struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Gatherer   prometheus.Gatherer
	Sites      *sites.Sites
	// RulesVersion is stored with refused events.
	RulesVersion string
	// KafkaTLS and KafkaSASL are nil for plain connections.
	KafkaTLS  *tls.Config
	KafkaSASL sasl.Mechanism
	// Tracer is nil where nothing is traced.
	Tracer trace.TracerProvider
	// Now is the clock that receipts are stamped with; nil is the machine's.
	Now func() time.Time
}

// Collector is one running or stopped collector.
type Collector struct {
	cfg      Config
	log      *slog.Logger
	spool    *diskSpool
	delivery *delivery.Delivery
	http     httpServer
	adminAPI *http.Server

	public, admin *server
	listening     atomic.Bool
	connections   atomic.Int64
}

// brokerPatience is how long Start waits for Kafka. After it events go into the spool until Kafka is found.
const brokerPatience = 3 * time.Second

// New checks the configuration and builds all parts; it opens neither files nor connections.
func New(cfg Config, deps Deps) (*Collector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("collector: configuration: %w", err)
	}
	c := &Collector{cfg: cfg, log: deps.Logger, spool: &diskSpool{dir: cfg.SpoolDir, limit: cfg.SpoolBytes, log: deps.Logger, reg: deps.Registerer}}
	var err error
	if c.delivery, err = newDelivery(&cfg, deps, c.spool); err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	script, err := tracker.New()
	if err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	handler, err := api.New(cfg.api(deps.RulesVersion, contract.OpenAPI), api.Deps{
		Logger: deps.Logger, Registerer: deps.Registerer, Sites: deps.Sites, Admitter: admission.New(admission.WithPlaceholders(cfg.Placeholders)), Sink: c.delivery, Script: script, Tracer: deps.Tracer,
		Now: deps.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	if err := registerMetrics(deps.Registerer, c, deps.RulesVersion); err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	c.http = publicServer(&cfg, handler, &c.connections, deps.Logger)
	c.adminAPI = adminServer(adminRoutes(deps.Gatherer, c.ready, deps.Logger), deps.Logger)
	return c, nil
}

func newDelivery(cfg *Config, deps Deps, spool delivery.Spool) (*delivery.Delivery, error) {
	producer := func(topic string) (*publish.Producer, error) {
		p := cfg.producer(topic)
		p.TLS, p.SASL = deps.KafkaTLS, deps.KafkaSASL
		return publish.New(p, publish.Dependencies{Log: deps.Logger, Metrics: deps.Registerer})
	}
	touchpoints, err := producer(topics.Touchpoints)
	if err != nil {
		return nil, err
	}
	rejected, err := producer(topics.Rejected)
	if err != nil {
		return nil, err
	}
	return delivery.New(delivery.Deps{
		Logger: deps.Logger, Touchpoints: touchpoints, Rejected: rejected, Spool: spool, Metrics: deps.Registerer,
	}), nil
}

// Start opens the spool, looks for Kafka, and serves. It does not need Kafka to be there.
func (c *Collector) Start(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("collector: %w", err), c.Stop(context.WithoutCancel(ctx)))
		}
	}()
	if err := c.spool.open(); err != nil {
		return err
	}
	if c.admin, err = listen(ctx, c.adminAPI, c.cfg.AdminListen, 0, c.log); err != nil {
		return err
	}
	c.delivery.Start(ctx)
	if !c.delivery.WaitStarted(ctx, brokerPatience) {
		c.log.Warn("Kafka not found yet, events go into the spool", "brokers", c.cfg.Brokers)
	}
	if c.public, err = listen(ctx, c.http, c.cfg.Listen, c.cfg.MaxConnections, c.log); err != nil {
		return err
	}
	c.listening.Store(true)
	c.log.Info("collector listens", "address", c.PublicAddr(), "admin", c.AdminAddr())
	return nil
}

// Drain says that the collector is not ready any more and goes on taking requests for the configured delay, or until ctx
// ends. Whoever shares requests out between collectors has stopped sending any here by then.
func (c *Collector) Drain(ctx context.Context) {
	c.listening.Store(false)
	if c.cfg.DrainDelay == 0 {
		return
	}
	c.log.Info("collector drains", "delay", c.cfg.DrainDelay)
	select {
	case <-ctx.Done():
	case <-time.After(c.cfg.DrainDelay):
	}
}

// Stop takes no more requests, finishes those in work, then closes delivery, spool and, last, the operators' address.
// When ctx ends, what is still in work is cut off: those clients get no answer and send again.
func (c *Collector) Stop(ctx context.Context) error {
	c.listening.Store(false)
	return errors.Join(
		named("public server", c.public.stop(ctx)),
		named("delivery", c.delivery.Stop(ctx)),
		named("spool", c.spool.close()),
		named("admin server", c.admin.stop(ctx)),
	)
}

func named(part string, err error) error {
	if err != nil {
		return fmt.Errorf("stop the %s: %w", part, err)
	}
	return nil
}

// PublicAddr is the host:port that touchpoints are posted to; known after Start.
func (c *Collector) PublicAddr() string { return c.public.addr() }

// AdminAddr is the host:port for operators; known after Start.
func (c *Collector) AdminAddr() string { return c.admin.addr() }

// ready says what is not as it should be, and whether events can be taken all the same: Kafka or room in the spool is
// enough. A load balancer that took every collector away whenever Kafka is down would lose what the spool is there for.
func (c *Collector) ready() ([]check, bool) {
	kafka := check{Name: "kafka", Ready: c.delivery.Available()}
	if !kafka.Ready {
		kafka.Detail = "no broker takes records: events go into the spool"
	}
	waiting, _ := c.spool.Stats()
	spool := check{Name: "spool", Ready: waiting < c.cfg.SpoolBytes-int64(c.cfg.MaxBodyBytes)}
	if !spool.Ready {
		spool.Detail = fmt.Sprintf("full: %d of %d bytes wait for Kafka", waiting, c.cfg.SpoolBytes)
	}
	listening := check{Name: "listener", Ready: c.listening.Load()}
	if !listening.Ready {
		listening.Detail = "not listening: starting or stopping"
	}
	return []check{kafka, spool, listening}, listening.Ready && (kafka.Ready || spool.Ready)
}
