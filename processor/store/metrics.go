package store

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	seconds *prometheus.HistogramVec
	rows    *prometheus.CounterVec
	errors  *prometheus.CounterVec
}

// newMetrics makes and registers them with every table in them; more is registered beside them.
func newMetrics(reg prometheus.Registerer, more prometheus.Collector) (*metrics, error) {
	m := &metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "throughline_store_insert_seconds", Help: "Time of one INSERT, from sending to its acknowledgement.",
			Buckets:                     prometheus.ExponentialBuckets(0.002, 2, 14),
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}, []string{"table"}),
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "throughline_store_rows_total", Help: "Rows that ClickHouse acknowledged.",
		}, []string{"table"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "throughline_store_errors_total", Help: "Failed INSERTs by what is done about them: retry, reject or fatal.",
		}, []string{"table", "class"}),
	}
	for _, table := range []string{TableTouchpoints, TableSessions, TableJourneys, TableTransitions, TableIdentities, TableUnlinks, TableContributions, TableRejected} {
		m.seconds.WithLabelValues(table)
		m.rows.WithLabelValues(table)
		for _, class := range []Class{Retry, Reject, Fatal} {
			m.errors.WithLabelValues(table, string(class))
		}
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.seconds, m.rows, m.errors, more} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("metrics of the store: %w", err)
		}
	}
	return m, nil
}
