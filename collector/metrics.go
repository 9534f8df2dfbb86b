package collector

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// registerMetrics adds what belongs to no single part. The parts register their own.
func registerMetrics(reg prometheus.Registerer, c *Collector, rulesVersion string) error {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "throughline", Subsystem: "collector", Name: name, Help: help}, value)
	}
	rules := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: "throughline", Subsystem: "collector", Name: "rules_info", Help: "1, with the version of the stage rules that refused events are stored with.",
	}, []string{"version"})
	rules.WithLabelValues(rulesVersion).Set(1)
	for _, m := range []prometheus.Collector{rules,
		gauge("kafka_available", "1 when Kafka takes records, 0 when they go into the spool.", func() float64 {
			if c.delivery.Available() {
				return 1
			}
			return 0
		}),
		gauge("connections", "Open connections of clients.", func() float64 { return float64(c.connections.Load()) }),
		gauge("connections_limit", "Connections of clients that may be open; more wait.", func() float64 { return float64(c.cfg.MaxConnections) }),
	} {
		if err := reg.Register(m); err != nil {
			return fmt.Errorf("register the metrics of the collector: %w", err)
		}
	}
	return nil
}
