package store

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	seconds *prometheus.HistogramVec
	rows    *prometheus.CounterVec
	errors  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "throughline_store_insert_seconds", Help: "Time of one INSERT, from sending to its acknowledgement.",
			Buckets: prometheus.ExponentialBuckets(0.002, 2, 14),
		}, []string{"table"}),
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "throughline_store_rows_total", Help: "Rows that ClickHouse acknowledged.",
		}, []string{"table"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "throughline_store_errors_total", Help: "Failed INSERTs by what is done about them: retry, reject or fatal.",
		}, []string{"table", "class"}),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.seconds, m.rows, m.errors} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("metrics of the store: %w", err)
		}
	}
	return m, nil
}
