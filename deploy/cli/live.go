package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/throughline/throughline/dashboards/live"
)

// Live is the configuration of the live page that runs by itself.
type Live struct {
	Listen  string   `envconfig:"THROUGHLINE_LIVE_LISTEN" default:"127.0.0.1:8083" desc:"address of the live page; it shows customers and asks for no password: keep it private"`
	DSN     string   `envconfig:"THROUGHLINE_LIVE_CLICKHOUSE_DSN" desc:"ClickHouse for the live page, with a user that may only read; empty takes THROUGHLINE_CLICKHOUSE_DSN, and asks read-only"`
	Metrics []string `envconfig:"THROUGHLINE_LIVE_METRICS" desc:"addresses of the metrics of collectors and processors, comma separated: http://collector-1:8081/metrics,http://processor-1:8082/metrics"`
}

func newLive() *cobra.Command {
	return &cobra.Command{
		Use:   "live",
		Short: "Serve the live page: funnel, flows, arriving touchpoints, health",
		Long: `Serves the page that 'throughline up' has on its query port, for a ClickHouse that runs elsewhere. It only reads, asks at most once a
second for all who look, and nothing while nobody looks. With THROUGHLINE_LIVE_METRICS it shows how collectors and processors do, too.

It has no password of its own: put it behind one before others can reach it.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runLive(c) },
	}
}

func runLive(cmd *cobra.Command) error {
	var common Common
	var cfg Live
	var store ClickHouse
	var posts Client
	if err := read(&common, &cfg, &store, &posts); err != nil {
		return err
	}
	log, err := common.logger(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	if cfg.DSN == "" {
		cfg.DSN = store.DSN
	}
	deps := live.Deps{Logger: log}
	if len(cfg.Metrics) > 0 {
		deps.Metrics = scrapeAll(cfg.Metrics)
	}
	page, err := live.New(live.Config{DSN: cfg.DSN, CollectorURL: posts.URL, LoopbackOnly: live.Loopback(cfg.Listen)}, deps)
	if err != nil {
		return usageError(err)
	}
	return serveLive(cmd.Context(), cfg.Listen, page, log)
}

func serveLive(ctx context.Context, address string, page *live.Page, log *slog.Logger) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("live page: %w", err)
	}
	server := &http.Server{Handler: page.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	log.Info("live page", "url", "http://"+l.Addr().String()+live.Path)
	polled := make(chan struct{})
	go func() {
		defer close(polled)
		page.Run(ctx)
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("live page: %w", err)
	case <-polled: // ctx has ended, and with it all open connections
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	return server.Shutdown(stop)
}

// scrapeLimit bounds the reading of one process's metrics.
const scrapeLimit = 2 * time.Second

// scrapeAll reads the metrics of several processes. Those that answer are given even where others do not.
func scrapeAll(urls []string) func(context.Context) ([]*dto.MetricFamily, error) {
	client := &http.Client{Timeout: scrapeLimit}
	return func(ctx context.Context) (all []*dto.MetricFamily, failed error) {
		for _, url := range urls {
			families, err := scrape(ctx, client, url)
			all = append(all, families...)
			failed = errors.Join(failed, err)
		}
		return all, failed
	}
}

func scrape(ctx context.Context, client *http.Client, url string) ([]*dto.MetricFamily, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics of %s: %s", url, response.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	byName, err := parser.TextToMetricFamilies(http.MaxBytesReader(nil, response.Body, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("metrics of %s: %w", url, err)
	}
	families := make([]*dto.MetricFamily, 0, len(byName))
	for _, family := range byName {
		families = append(families, family)
	}
	return families, nil
}
