package processor

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the processor's own; the store has its own beside them.
type metrics struct {
	steps                            *prometheus.HistogramVec
	records                          *prometheus.CounterVec
	duplicates, undecodable, refused prometheus.Counter
	reconciled, orphans, restored    prometheus.Counter
	fetchErrors                      prometheus.Counter
	lost, retries                    *prometheus.CounterVec
	queryable                        prometheus.Histogram
	assigned                         prometheus.Gauge
	generations                      prometheus.Counter
	lag, lagSeconds, flushedSeconds  *prometheus.GaugeVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	const ns, sub = "throughline", "processor"
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: ns, Subsystem: sub, Name: name, Help: help})
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: ns, Subsystem: sub, Name: name, Help: help}, labels)
	}
	gauges := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: ns, Subsystem: sub, Name: name, Help: help}, labels)
	}
	seconds := func(name, help string) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{
			Namespace: ns, Subsystem: sub, Name: name, Help: help,
			Buckets:                     []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5, 10, 30, 60, 300},
			NativeHistogramBucketFactor: 1.1,
		}
	}
	m := &metrics{
		steps:       prometheus.NewHistogramVec(seconds("flush_step_seconds", "Time of each step of a flush."), []string{"step"}),
		records:     counters("records_total", "Records applied, by topic.", "topic"),
		duplicates:  counter("duplicates_total", "Touchpoints whose message id was there already."),
		undecodable: counter("undecodable_records_total", "Records sent to the dead letter because they could not be read."),
		refused:     counter("refused_rows_total", "Rows that ClickHouse refused for what they are; kept in the dead letter."),
		reconciled:  counter("reconciled_customers_total", "Customers compared with ClickHouse after a replay."),
		orphans:     counter("orphaned_rows_total", "Rows tombstoned by reconciliation."),
		restored:    counter("restored_touches_total", "Touches read back from ClickHouse into the state."),
		fetchErrors: counter("fetch_errors_total", "Failed fetches from Kafka."),
		lost:        counters("lost_records_total", "Records that retention removed before they were read.", "topic"),
		retries:     counters("flush_retries_total", "Repeated attempts of a flush, by what was waited for.", "cause"),
		queryable:   prometheus.NewHistogram(seconds("event_to_queryable_seconds", "From receipt at the collector until the row can be queried; sampled.")),
		assigned: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: ns, Subsystem: sub, Name: "assigned_partitions", Help: "Partitions owned by this processor.",
		}),
		generations:    counter("generations_total", "Consumer-group generations joined."),
		lag:            gauges("lag_records", "Records in the log that are not yet in the tables.", "topic", "partition"),
		lagSeconds:     gauges("lag_seconds", "Age of the oldest record of the last flush when it was done; 0 when caught up.", "topic", "partition"),
		flushedSeconds: gauges("last_flush_timestamp_seconds", "When a partition was last flushed, in Unix time.", "topic", "partition"),
	}
	r.MustRegister(m.steps, m.records, m.duplicates, m.undecodable, m.refused, m.reconciled, m.orphans, m.restored, m.fetchErrors,
		m.lost, m.retries, m.queryable, m.assigned, m.generations, m.lag, m.lagSeconds, m.flushedSeconds)
	return m
}

func (m *metrics) step(name string, d time.Duration) {
	m.steps.WithLabelValues(name).Observe(d.Seconds())
}

// maxSamples bounds the observations of one flush.
const maxSamples = 200

// flushed counts a flush that is done.
func (m *metrics) flushed(f *flush, now time.Time) {
	for _, p := range f.portions {
		topic, partition := p.partition.labels()
		m.records.WithLabelValues(topic).Add(float64(p.pending.records))
		m.duplicates.Add(float64(p.duplicates))
		m.flushedSeconds.WithLabelValues(topic, partition).Set(float64(now.UnixMilli()) / 1000)
		m.lagSeconds.WithLabelValues(topic, partition).Set(now.Sub(p.pending.oldest).Seconds())
		for i := 0; i < len(p.received); i += 1 + len(p.received)/maxSamples {
			m.queryable.Observe(now.Sub(time.UnixMicro(p.received[i])).Seconds())
		}
	}
}

// measureLag sets the lag of every partition; called now and then.
func (m *metrics) measureLag(partitions []*partition) {
	for _, p := range partitions {
		topic, partition := p.labels()
		behind := p.behind()
		m.lag.WithLabelValues(topic, partition).Set(float64(behind))
		if behind == 0 {
			m.lagSeconds.WithLabelValues(topic, partition).Set(0)
		}
	}
}

// forget removes the series of partitions that are somebody else's now.
func (m *metrics) forget(partitions []*partition) {
	m.assigned.Set(0)
	for _, p := range partitions {
		topic, partition := p.labels()
		for _, g := range []*prometheus.GaugeVec{m.lag, m.lagSeconds, m.flushedSeconds} {
			g.DeleteLabelValues(topic, partition)
		}
	}
}
