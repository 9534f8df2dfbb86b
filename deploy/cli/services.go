package cli

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"

	"github.com/throughline/throughline/collector"
	"github.com/throughline/throughline/deploy/host"
	"github.com/throughline/throughline/deploy/tracing"
	"github.com/throughline/throughline/processor"
	"github.com/throughline/throughline/processor/store"
)

// newRegistry has the metrics of the process and of the folders that it works in, by the name that they have as a label.
func newRegistry(folders map[string]string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector(),
		host.New(folders))
	return r
}

func newCollector() *cobra.Command {
	return &cobra.Command{
		Use:   "collector",
		Short: "Run a collector: HTTP in, Kafka out",
		Long:  "Runs one collector against THROUGHLINE_KAFKA_BROKERS. Any number may run side by side behind a load balancer.",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return runCollector(c) },
	}
}

func runCollector(cmd *cobra.Command) error {
	var common Common
	var cfg collector.Config
	if err := read(&common, &cfg); err != nil {
		return err
	}
	log, all, err := common.begin(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	rules, err := loadRules("")
	if err != nil {
		return err
	}
	kafka, err := openKafka(cfg.Brokers)
	if err != nil {
		return err
	}
	tracer, stopTracing, err := tracing.New(cmd.Context(), "throughline-collector")
	if err != nil {
		return err
	}
	defer stopTracing()
	registry := newRegistry(map[string]string{"spool": cfg.SpoolDir})
	c, err := collector.New(cfg, collector.Deps{
		Logger: log, Registerer: registry, Gatherer: registry, Sites: all, RulesVersion: rules.Version(),
		KafkaTLS: kafka.TLS, KafkaSASL: kafka.SASL, Tracer: tracer,
	})
	if err != nil {
		return err
	}
	if err := c.Start(cmd.Context()); err != nil {
		return err
	}
	log.Info("collector runs", "public", c.PublicAddr(), "admin", c.AdminAddr())
	<-cmd.Context().Done()
	c.Drain(context.WithoutCancel(cmd.Context()))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), stopLimit)
	defer cancel()
	return c.Stop(ctx)
}

func newProcessor() *cobra.Command {
	return &cobra.Command{
		Use:   "processor",
		Short: "Run a processor: Kafka in, ClickHouse out",
		Long: `Runs one processor of the consumer group THROUGHLINE_PROCESSOR_GROUP. Up to as many as the topic has partitions may
run side by side, each with a state folder of its own. Run 'throughline migrate' first.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runProcessor(c) },
	}
}

func runProcessor(cmd *cobra.Command) error {
	var common Common
	var cfg processor.Config
	var ch ClickHouse
	if err := read(&common, &cfg, &ch); err != nil {
		return err
	}
	log, all, err := common.begin(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	kafka, err := openKafka(cfg.Brokers)
	if err != nil {
		return err
	}
	tables, err := ch.open()
	if err != nil {
		return err
	}
	tracer, stopTracing, err := tracing.New(cmd.Context(), "throughline-processor")
	if err != nil {
		return err
	}
	defer stopTracing()
	registry := newRegistry(map[string]string{"state": cfg.StateDir})
	storeConfig := store.Config{DSN: tables.DSN, Authorities: tables.Authorities, Quorum: ch.Quorum}
	p, err := processor.New(cfg, processor.Deps{
		Logger: log, Registerer: registry, Gatherer: registry, Sites: all, LoadRules: loadRules,
		KafkaTLS: kafka.TLS, KafkaSASL: kafka.SASL, Tracer: tracer,
		OpenStore: func(ctx context.Context) (processor.Store, error) {
			return store.OpenWatched(ctx, storeConfig, log, registry, processor.WatchInterval)
		},
	})
	if err != nil {
		return err
	}
	log.Info("processor runs", "group", cfg.Group, "admin", cfg.AdminListen)
	if err := p.Run(cmd.Context()); err != nil {
		return fmt.Errorf("processor: %w", err)
	}
	return nil
}
