package spool

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	appended    prometheus.Counter
	drained     prometheus.Counter
	full        prometheus.Counter
	quarantined prometheus.Counter
}

func newMetrics() *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "throughline", Subsystem: "spool", Name: name, Help: help})
	}
	return &metrics{
		appended:    counter("appended_records_total", "Records kept on disk while the broker was away."),
		drained:     counter("drained_records_total", "Records given to the broker afterwards."),
		full:        counter("full_total", "Calls refused because the spool was full."),
		quarantined: counter("quarantined_segments_total", "Damaged segments set aside as *.corrupt."),
	}
}

// WithMetrics registers the spool's metrics.
func WithMetrics(reg prometheus.Registerer) Option {
	return func(s *Spool) {
		gauge := func(name, help string, value func() float64) prometheus.Collector {
			return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "throughline", Subsystem: "spool", Name: name, Help: help}, value)
		}
		reg.MustRegister(s.metrics.appended, s.metrics.drained, s.metrics.full, s.metrics.quarantined,
			gauge("used_bytes", "Bytes of records on disk.", func() float64 {
				bytes, _ := s.Stats()
				return float64(bytes)
			}),
			gauge("limit_bytes", "Bytes of records that the spool may hold.", func() float64 { return float64(s.maxBytes) }),
			gauge("oldest_age_seconds", "Age of the oldest record on disk, 0 when there is none.", func() float64 {
				_, oldest := s.Stats()
				if oldest.IsZero() {
					return 0
				}
				return time.Since(oldest).Seconds()
			}))
	}
}
