package delivery

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	spooled, drained, failed prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, spool Spool) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "throughline_collector_spool_" + name, Help: help})
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "throughline_collector_spool_" + name, Help: help}, value)
	}
	m := &metrics{
		spooled: counter("spooled_records_total", "Records put into the spool while Kafka was away."),
		drained: counter("drained_records_total", "Records of the spool sent to Kafka."),
		failed:  counter("failed_appends_total", "Attempts to spool that failed, because it was full or the disk refused."),
	}
	size := gauge("waiting_bytes", "Bytes that wait in the spool.", func() float64 {
		bytes, _ := spool.Stats()
		return float64(bytes)
	})
	age := gauge("oldest_age_seconds", "Age of the oldest record in the spool, 0 when empty.", func() float64 {
		if bytes, oldest := spool.Stats(); bytes > 0 && !oldest.IsZero() {
			return time.Since(oldest).Seconds()
		}
		return 0
	})
	for _, c := range []prometheus.Collector{m.spooled, m.drained, m.failed, size, age} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of the spool: %w", err)
		}
	}
	return m, nil
}
