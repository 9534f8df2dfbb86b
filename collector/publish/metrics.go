package publish

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reasons of calls that are refused, as labels.
const (
	refusedAway = "unavailable"
	refusedFull = "overloaded"
)

// reasons are what reason can give.
var reasons = []string{"timeout", "connection", "producer_id", "refused", "leader", "broker"}

// metrics of one producer; the topic is a constant label of all.
type metrics struct {
	seconds  prometheus.Histogram
	records  prometheus.Counter
	bytes    prometheus.Counter
	errors   *prometheus.CounterVec
	rejected *prometheus.CounterVec
	open     prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer, topic string, limit int64, buffered func() float64) *metrics {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{
			Namespace: "throughline", Subsystem: "publish", Name: name, Help: help,
			ConstLabels: prometheus.Labels{"topic": topic},
		}
	}
	seconds := opts("request_seconds", "Time of one produce request to the broker, failed ones included.")
	m := &metrics{
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: seconds.Namespace, Subsystem: seconds.Subsystem, Name: seconds.Name, Help: seconds.Help,
			ConstLabels: seconds.ConstLabels, Buckets: prometheus.ExponentialBuckets(0.0001, 2.5, 12),
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}),
		records:  prometheus.NewCounter(prometheus.CounterOpts(opts("records_total", "Records acknowledged by the broker."))),
		bytes:    prometheus.NewCounter(prometheus.CounterOpts(opts("bytes_total", "Bytes of batches acknowledged by the broker."))),
		errors:   prometheus.NewCounterVec(prometheus.CounterOpts(opts("errors_total", "Failed attempts to send a batch.")), []string{"reason"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts(opts("refusals_total", "Calls refused before anything was sent.")), []string{"reason"}),
		open:     prometheus.NewGauge(prometheus.GaugeOpts(opts("breaker_open_partitions", "Partitions that are known to be away and fail at once."))),
	}
	for _, reason := range reasons {
		m.errors.WithLabelValues(reason)
	}
	for _, reason := range []string{refusedAway, refusedFull} {
		m.rejected.WithLabelValues(reason)
	}
	bound := prometheus.NewGauge(prometheus.GaugeOpts(opts("buffered_limit_bytes", "Bytes that may be admitted and not yet settled.")))
	bound.Set(float64(limit))
	if reg != nil {
		reg.MustRegister(m.seconds, m.records, m.bytes, m.errors, m.rejected, m.open, bound,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("buffered_bytes", "Bytes admitted and not yet settled.")), buffered))
	}
	return m
}
