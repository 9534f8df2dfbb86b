package collector

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/collector/delivery"
)

// registerMetrics adds what belongs to no single part. The parts register their own.
func registerMetrics(reg prometheus.Registerer, d *delivery.Delivery) error {
	available := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "throughline_collector_kafka_available", Help: "1 when Kafka takes records, 0 when they go into the spool.",
	}, func() float64 {
		if d.Available() {
			return 1
		}
		return 0
	})
	if err := reg.Register(available); err != nil {
		return fmt.Errorf("register the metrics of the collector: %w", err)
	}
	return nil
}
