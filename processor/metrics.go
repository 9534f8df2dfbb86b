package processor

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/topics"
)

// metrics are the processor's own; the store, the state and the servers beside it have theirs. Every series with a closed set of
// labels is there from the start: what appears only when something has gone wrong is overlooked by alerts.
type metrics struct {
	steps                                   *prometheus.HistogramVec
	records                                 *prometheus.CounterVec
	batch, queryable                        prometheus.Histogram
	duplicates, undecodable                 prometheus.Counter
	refused                                 prometheus.Counter
	erased, erasures                        prometheus.Counter
	deadLetters                             *prometheus.CounterVec
	reconciled, orphans, restored, readBack prometheus.Counter
	merged, rewritten                       prometheus.Counter
	links, unlinks, stitched                prometheus.Counter
	contributions                           *prometheus.CounterVec
	passedOn                                prometheus.Counter
	fetchErrors, generations                prometheus.Counter
	lost, retries                           *prometheus.CounterVec
	assigned                                prometheus.Gauge
	flushedSeconds                          *prometheus.GaugeVec
	sites                                   *siteMetrics
	lag                                     *lagMetrics
}

const namespace, subsystem = "throughline", "processor"

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help})
}

// counters are preset to 0 for each value of their one label.
func counters(name, help, label string, values ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, []string{label})
	for _, value := range values {
		v.WithLabelValues(value)
	}
	return v
}

func histogram(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Namespace: namespace, Subsystem: subsystem, Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
	}
}

func newMetrics(r prometheus.Registerer, rules *rulebook) *metrics {
	seconds := []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5, 10, 30, 60, 300}
	m := &metrics{
		steps: prometheus.NewHistogramVec(histogram("flush_step_seconds", "Time of each step of a flush.", seconds), []string{"step"}),
		records: counters("records_total", "Records of finished flushes.",
			"topic", topics.Touchpoints, topics.Rejected),
		batch:       prometheus.NewHistogram(histogram("flush_records", "Records of one flush.", prometheus.ExponentialBuckets(1, 4, 10))),
		duplicates:  counter("duplicates_total", "Touchpoints whose message id was there already."),
		undecodable: counter("undecodable_records_total", "Records sent to the dead letter because they could not be read."),
		refused:     counter("refused_rows_total", "Rows that ClickHouse refused for what they are; kept in the dead letter."),
		deadLetters: counters("dead_letters_total", "What the processor put into the dead letter.",
			"reason", reasonUndecodable, reasonUnreadable, reasonRefused),
		reconciled: counter("reconciled_customers_total", "Customers compared with ClickHouse after a replay."),
		readBack:   counter("read_back_customers_total", "Customers read whole from ClickHouse, since a record reached behind what is folded of them."),
		orphans:    counter("orphaned_rows_total", "Rows tombstoned by reconciliation."),
		restored:   counter("restored_touches_total", "Touches read back from ClickHouse into the state."),
		merged:     counter("merged_sessions_total", "Sessions that a late touchpoint joined to another one."),
		rewritten: counter("rewritten_journeys_total",
			"Journeys that a late touchpoint changed; those that only went on do not count."),
		erased:   counter("erased_records_total", "Records refused because they belong to what was erased of a person."),
		erasures: counter("erasures_total", "Erasures applied: of a user, of an anonymous id, or of what a user has of one."),
		links:    counter("links_total", "Records saying that a user was seen on an anonymous id."),
		unlinks:  counter("unlinks_total", "Records withdrawing what was said about an anonymous id and a user."),
		stitched: counter("stitched_touchpoints_total", "Anonymous touchpoints that became a user's."),
		contributions: counters("contributions_total",
			"Records of which anonymous touchpoints a user has: sent to the user's owner; applied there; stale, since a newer one was there already.",
			"outcome", "sent", "applied", "stale"),
		passedOn:    counter("passed_on_records_total", "Records of a grown topic, sent from the partition that they were in to that of their customer."),
		fetchErrors: counter("fetch_errors_total", "Failed fetches from Kafka."),
		lost: counters("lost_records_total", "Records that retention removed before they were read.",
			"topic", topics.Touchpoints, topics.Rejected),
		retries: counters("flush_retries_total", "Repeated attempts of a flush, by what was waited for.",
			"cause", "versions", "clickhouse", "contributions", "dead_letter", "reconcile", "restore", "strays", "history", "rebuilds"),
		queryable: prometheus.NewHistogram(histogram("event_to_queryable_seconds",
			"From receipt at the collector until the row can be queried; sampled.", seconds)),
		assigned:    prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: "assigned_partitions", Help: "Partitions owned by this processor."}),
		generations: counter("generations_total", "Consumer-group generations joined."),
		flushedSeconds: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "last_flush_timestamp_seconds", Help: "When a partition was last flushed, in Unix time.",
		}, []string{"topic", "partition"}),
		sites: newSiteMetrics(rules), lag: &lagMetrics{},
	}
	m.register(r)
	return m
}

func (m *metrics) register(r prometheus.Registerer) {
	r.MustRegister(m.steps, m.records, m.batch, m.duplicates, m.undecodable, m.refused, m.erased, m.erasures, m.deadLetters, m.reconciled, m.orphans, m.restored, m.readBack,
		m.merged, m.rewritten, m.links, m.unlinks, m.stitched, m.contributions, m.passedOn, m.fetchErrors, m.lost, m.retries, m.queryable, m.assigned, m.generations, m.flushedSeconds, m.lag)
	r.MustRegister(m.sites.collectors...)
}

func (m *metrics) step(name string, d time.Duration) {
	m.steps.WithLabelValues(name).Observe(d.Seconds())
}

// retried counts a repeated attempt; what is waited for is worded for the log.
func (m *metrics) retried(what string) {
	m.retries.WithLabelValues(strings.ReplaceAll(strings.ToLower(what), " ", "_")).Inc()
}

// maxSamples bounds the observations of one flush.
const maxSamples = 200

// flushed counts a flush that is done.
func (m *metrics) flushed(f *flush, now time.Time) {
	records := 0
	for _, p := range f.portions {
		topic, partition := p.partition.labels()
		records += p.pending.records
		m.records.WithLabelValues(topic).Add(float64(p.pending.records))
		m.duplicates.Add(float64(p.duplicates))
		m.links.Add(float64(p.links))
		m.unlinks.Add(float64(p.unlinks))
		m.erased.Add(float64(p.refused))
		m.erasures.Add(float64(p.erased))
		m.stitched.Add(float64(p.stitched))
		m.contributions.WithLabelValues("applied").Add(float64(p.applied))
		m.contributions.WithLabelValues("stale").Add(float64(p.stale))
		m.merged.Add(float64(p.repairs.merged))
		m.rewritten.Add(float64(p.repairs.rewritten))
		m.flushedSeconds.WithLabelValues(topic, partition).Set(float64(now.UnixMilli()) / 1000)
		m.sites.flushed(p)
		for _, r := range p.pending.undecodable {
			m.deadLetters.WithLabelValues(r.Reason).Inc()
		}
		for i := 0; i < len(p.received); i += 1 + len(p.received)/maxSamples {
			m.queryable.Observe(now.Sub(time.UnixMicro(p.received[i])).Seconds())
		}
	}
	m.batch.Observe(float64(records))
}

// poisoned counts rows that ClickHouse refused.
func (m *metrics) poisoned(refused *store.RejectedError) {
	m.refused.Add(float64(len(refused.Rows)))
	m.deadLetters.WithLabelValues(reasonRefused).Add(float64(len(refused.Rows)))
}

// own notes the partitions that this processor has from now on.
func (m *metrics) own(partitions []*partition) {
	m.assigned.Set(float64(len(partitions)))
	m.lag.own(partitions)
}

// forget removes the series of partitions that are somebody else's now.
func (m *metrics) forget(partitions []*partition) {
	m.own(nil)
	for _, p := range partitions {
		topic, partition := p.labels()
		m.flushedSeconds.DeleteLabelValues(topic, partition)
	}
}
