package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/throughline/throughline/collector"
	"github.com/throughline/throughline/dashboards/live"
	"github.com/throughline/throughline/deploy/demo"
	"github.com/throughline/throughline/deploy/embedded"
	"github.com/throughline/throughline/deploy/embedded/broker"
	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/deploy/terminal"
	"github.com/throughline/throughline/deploy/tracing"
	"github.com/throughline/throughline/processor"
	"github.com/throughline/throughline/schemas/sites"
)

// stopLimit bounds the stopping of one service.
const stopLimit = 20 * time.Second

// Up is the configuration of the pipeline on one machine.
type Up struct {
	DataDir          string `envconfig:"THROUGHLINE_DATA_DIR" default:"data" desc:"the one folder of everything 'up' stores"`
	ClickHouseListen string `envconfig:"THROUGHLINE_UP_CLICKHOUSE_LISTEN" default:"127.0.0.1:8123" desc:"address of ClickHouse's HTTP interface under 'up'"`
	KafkaListen      string `envconfig:"THROUGHLINE_UP_KAFKA_LISTEN" default:"127.0.0.1:9092" desc:"address of the Kafka broker under 'up'; loopback only"`
	KafkaSync        bool   `envconfig:"THROUGHLINE_UP_KAFKA_SYNC" default:"true" desc:"whether the broker under 'up' syncs every write to disk before it acknowledges"`
	Partitions       int    `envconfig:"THROUGHLINE_UP_PARTITIONS" default:"0" desc:"partitions of the topic of touchpoints under 'up', fixed once it exists; 0 is one for each processor of the machine, 2 to 16"`
}

func newUp() *cobra.Command {
	var o upOptions
	c := &cobra.Command{
		Use:   "up",
		Short: "Run everything on this machine: collector, Kafka broker, processor, ClickHouse",
		Long: `Runs the whole pipeline from this one program, with nothing else to install. Data lies in one folder; Ctrl-C drains
and stops; starting again goes on where it was.

With --demo, visitors of a simulated shop come in through the public HTTP API.`,
		Example: "  throughline up --demo\n  THROUGHLINE_DATA_DIR=/var/lib/throughline throughline up",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.demo && o.withoutProcessor {
				return usageError(errors.New("give --demo or --without-processor, not both"))
			}
			return runUp(c, o)
		},
	}
	c.Flags().BoolVar(&o.demo, "demo", false, "let a simulated shop's visitors in")
	c.Flags().Float64Var(&o.rate, "demo-rate", 50, "touchpoints a second of the simulated shop")
	c.Flags().BoolVar(&o.withoutProcessor, "without-processor", false, "run all but the processor, for 'throughline rebuild': what is posted waits in Kafka")
	return c
}

// upOptions are the flags of the command.
type upOptions struct {
	demo             bool
	rate             float64
	withoutProcessor bool
}

func runUp(c *cobra.Command, o upOptions) error {
	screen := terminal.NewScreen(c.OutOrStdout())
	up, err := prepareUp(c, screen, o)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := up.pipeline.Start(c.Context()); err != nil {
		if c.Context().Err() != nil {
			return nil //nolint:nilerr // interrupted while it started
		}
		return fmt.Errorf("%w\n%s", err, adviceFor(err))
	}
	up.greet(time.Since(start), o)
	err = up.watch(c.Context(), o.demo, o.rate)
	_ = screen.Draw("")
	fmt.Fprintln(screen, "Stopping: what was accepted is being flushed …")
	err = errors.Join(err, up.pipeline.Stop(context.WithoutCancel(c.Context())))
	up.stopTracing()
	if err == nil {
		fmt.Fprintln(screen, "Stopped. Starting again goes on where this ended.")
	}
	return err
}

// adviceFor says what to do about an error of the start.
func adviceFor(err error) string {
	if errors.Is(err, syscall.EADDRINUSE) {
		return "An address is taken: perhaps Throughline runs already. For others set THROUGHLINE_COLLECTOR_LISTEN, THROUGHLINE_COLLECTOR_ADMIN_LISTEN,\n" +
			"THROUGHLINE_UP_CLICKHOUSE_LISTEN and THROUGHLINE_UP_KAFKA_LISTEN"
	}
	return "Run 'throughline doctor' for what to do"
}

// upRun is one run of everything.
type upRun struct {
	pipeline *embedded.Pipeline
	registry *prometheus.Registry
	screen   *terminal.Screen
	log      *slog.Logger
	dataDir  string
	// stopTracing sends the last spans.
	stopTracing func()
	// The first site and its keys, for the demo and the greeting.
	site, writeKey, importKey string
}

func first(of []string) string {
	if len(of) == 0 {
		return ""
	}
	return of[0]
}

func prepareUp(c *cobra.Command, screen *terminal.Screen, o upOptions) (*upRun, error) {
	var common Common
	var cfg Up
	var parts struct {
		collector collector.Config
		processor processor.Config
	}
	if err := read(&common, &cfg, &parts.collector, &parts.processor); err != nil {
		return nil, err
	}
	all, err := common.sites()
	if err != nil {
		return nil, err
	}
	dataDir, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	log, closeLog, err := upLogger(&common, c.ErrOrStderr(), screen, dataDir)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(c.Context(), func() { time.AfterFunc(stopLimit, closeLog) })
	lib, err := libchdb.Ensure(c.Context(), c.ErrOrStderr(), false)
	if err != nil {
		return nil, err
	}
	tracer, stopTracing, err := tracing.New(c.Context(), "throughline")
	if err != nil {
		return nil, err
	}
	registry := newRegistry(map[string]string{"data": dataDir})
	// One admin address serves the metrics of everything.
	parts.processor.AdminListen = ""
	run := &upRun{registry: registry, screen: screen, log: log, dataDir: dataDir, stopTracing: stopTracing}
	run.firstOf(all)
	run.pipeline = embedded.New(embedded.Config{
		DataDir:   dataDir,
		Broker:    broker.Config{Listen: cfg.KafkaListen, Sync: cfg.KafkaSync, Partitions: cfg.Partitions},
		Engine:    engine.Config{LibPath: lib, Listen: cfg.ClickHouseListen, Command: []string{engineCommand}, Log: log, Metrics: registry},
		Collector: parts.collector, Processor: parts.processor, Page: live.Config{WriteKey: run.writeKey}, WithoutProcessor: o.withoutProcessor,
	}, embedded.Deps{Logger: log, Registry: registry, Sites: all, LoadRules: loadRules, Tracer: tracer})
	return run, nil
}

// firstOf notes the first site.
func (u *upRun) firstOf(all *sites.Sites) {
	for s := range all.All() {
		u.site, u.writeKey, u.importKey = s.ID, first(s.WriteKeys), first(s.ImportKeys)
		return
	}
}

// upLogger logs into the data folder when the terminal shows the funnel, and to stderr otherwise.
func upLogger(common *Common, stderr io.Writer, screen *terminal.Screen, dataDir string) (*slog.Logger, func(), error) {
	if !screen.Live() {
		log, err := common.logger(stderr)
		return log, func() {}, err
	}
	if err := os.MkdirAll(dataDir, 0o755); err != nil {
		return nil, nil, fmt.Errorf("data folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dataDir, "throughline.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("log file: %w", err)
	}
	log, err := common.logger(file)
	return log, func() { _ = file.Close() }, err
}

func (u *upRun) greet(took time.Duration, o upOptions) {
	url := "http://" + u.pipeline.CollectorAddr()
	fmt.Fprintf(u.screen, `
Throughline is up after %s. Data in %s

  post touchpoints   POST %s/v1/touchpoints   write key %q
  live page          %s
  query              http://%s   (ClickHouse: curl, clickhouse-go, any client of its HTTP interface)
  Kafka              %s
  metrics, health    http://%s/metrics   /readyz

`, took.Round(time.Millisecond), u.dataDir, url, u.writeKey, u.pipeline.PageURL(), u.pipeline.QueryAddr(), u.pipeline.BrokerAddr(), u.pipeline.AdminAddr())
	switch {
	case o.demo:
		fmt.Fprintf(u.screen, "A simulated shop's visitors are coming in. The funnel:\n\n")
		return
	case o.withoutProcessor:
		fmt.Fprintf(u.screen, "Without a processor: what is posted waits in Kafka, and the tables stay as they are until 'throughline up' runs again.\n\n")
		return
	}
	fmt.Fprintf(u.screen, `Send a first touchpoint:

  curl -H 'Authorization: Bearer %s' %s/v1/touchpoints \
    -d '{"event":"Product Viewed","anonymous_id":"visitor-1"}'

`, u.writeKey, url)
}

// watch draws until ctx is done or a part of the pipeline has ended by itself.
func (u *upRun) watch(ctx context.Context, withDemo bool, rate float64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	shop := make(chan error, 1)
	if withDemo {
		go func() { shop <- u.visit(ctx, rate) }()
	}
	conn, err := openQueries(tables{DSN: u.pipeline.QueryDSN()})
	if err != nil {
		return err
	}
	defer conn.Close()
	w := watcher{run: u, conn: conn}
	for {
		w.draw(ctx)
		select {
		case <-ctx.Done():
			return nil
		case err := <-shop:
			if ctx.Err() == nil && err != nil {
				return fmt.Errorf("simulated shop: %w", err)
			}
		case err := <-u.pipeline.Failed():
			return err
		case <-time.After(w.every()):
		}
	}
}

// visit lets the simulated shop's visitors in, a history first.
func (u *upRun) visit(ctx context.Context, rate float64) error {
	o := demo.Options{
		URL: "http://" + u.pipeline.CollectorAddr(), WriteKey: u.writeKey, ImportKey: u.importKey, Rate: rate, Logger: u.log,
	}
	if o.ImportKey == "" {
		o.History = -1
	}
	shop, err := demo.New(o)
	if err != nil {
		return err
	}
	return shop.Run(ctx)
}
