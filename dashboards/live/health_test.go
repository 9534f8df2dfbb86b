package live

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// metrics are a registry with what the page reads.
type metrics struct {
	*prometheus.Registry
	events             *prometheus.CounterVec
	kafka, spool       prometheus.Gauge
	lag, age, assigned prometheus.Gauge
	fresh              prometheus.Histogram
}

func newMetrics() metrics {
	gauge := func(name string) prometheus.Gauge { return prometheus.NewGauge(prometheus.GaugeOpts{Name: name}) }
	m := metrics{
		Registry: prometheus.NewRegistry(),
		events:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "throughline_collector_events_total"}, []string{"site", "verdict"}),
		kafka:    gauge("throughline_collector_kafka_available"), spool: gauge("throughline_spool_used_bytes"), lag: gauge("throughline_processor_lag_records"),
		age: gauge("throughline_processor_lag_seconds"), assigned: gauge("throughline_processor_assigned_partitions"),
		fresh: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "throughline_processor_event_to_queryable_seconds"}),
	}
	m.MustRegister(m.events, m.kafka, m.spool, m.lag, m.age, m.assigned, m.fresh)
	m.kafka.Set(1)
	m.assigned.Set(4)
	return m
}

// at reads the health at a moment, with a poller that goes on.
func (m metrics) at(t *testing.T, p *poller, now time.Time) Health {
	t.Helper()
	p.metrics = func(_ context.Context) ([]*dto.MetricFamily, error) { return m.Gather() }
	var h Health
	if err := json.Unmarshal(p.health(t.Context(), now), &h); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHealthRates(t *testing.T) {
	m, p, now := newMetrics(), &poller{}, time.Unix(1e9, 0)
	m.events.WithLabelValues("a", "accepted").Add(1000)
	if h := m.at(t, p, now); h.Accepted != nil || h.Freshness != nil {
		t.Errorf("rates from a single look: %+v", h)
	}
	m.events.WithLabelValues("a", "accepted").Add(30)
	m.events.WithLabelValues("b", "accepted").Add(10)
	m.events.WithLabelValues("a", "rejected").Add(2)
	m.fresh.Observe(0.5)
	m.fresh.Observe(1.5)
	m.lag.Set(7)
	h := m.at(t, p, now.Add(2*time.Second))
	if *h.Accepted != 20 || *h.Rejected != 1 || *h.Freshness != 1 || *h.Lag != 7 || !h.Metered {
		t.Errorf("%v/s accepted, %v/s rejected, fresh after %v s, lag %v", *h.Accepted, *h.Rejected, *h.Freshness, *h.Lag)
	}
	m.events.Reset() // the collector has started again
	if h := m.at(t, p, now.Add(3*time.Second)); h.Accepted == nil || *h.Accepted != 0 || h.Freshness != nil {
		t.Errorf("after a restart: %+v", h)
	}
	if h := m.at(t, p, now.Add(time.Hour)); h.Accepted != nil {
		t.Errorf("a rate over an hour in which nobody looked: %v", *h.Accepted)
	}
}

func TestHealthOfParts(t *testing.T) {
	now := time.Unix(1e9, 0)
	for name, c := range map[string]struct {
		set         func(metrics, *poller)
		part, state string
		says        string
	}{
		"all is well":         {func(metrics, *poller) {}, "Processor", good, "Keeps up"},
		"Kafka is away":       {func(m metrics, _ *poller) { m.kafka.Set(0) }, "Kafka", bad, "Nothing is lost"},
		"the spool is in use": {func(m metrics, _ *poller) { m.spool.Set(12_300_000) }, "Collector", busy, "12.3 MB"},
		"it catches up":       {func(m metrics, _ *poller) { m.age.Set(30); m.lag.Set(9) }, "Processor", busy, "9 records wait, the oldest for 30 s"},
		"it is far behind":    {func(m metrics, _ *poller) { m.age.Set(600) }, "Processor", bad, "Far behind"},
		"no processor":        {func(m metrics, _ *poller) { m.assigned.Set(0) }, "Processor", bad, "no partitions"},
		"ClickHouse is away":  {func(_ metrics, p *poller) { p.trouble = "ClickHouse does not answer." }, "ClickHouse", bad, "as of its last answer"},
	} {
		m, p := newMetrics(), &poller{}
		c.set(m, p)
		found := false
		for _, part := range m.at(t, p, now).Parts {
			if part.Name != c.part {
				if part.State == bad {
					t.Errorf("%s: %s is bad, too: %s", name, part.Name, part.Says)
				}
				continue
			}
			found = true
			if part.State != c.state || !strings.Contains(part.Says, c.says) {
				t.Errorf("%s: %s is %s: %s", name, part.Name, part.State, part.Says)
			}
		}
		if !found {
			t.Errorf("%s: no part %s", name, c.part)
		}
	}
}

func TestHealthWithoutMetrics(t *testing.T) {
	var h Health
	if err := json.Unmarshal((&poller{}).health(t.Context(), time.Unix(1e9, 0)), &h); err != nil {
		t.Fatal(err)
	}
	if h.Metered || len(h.Parts) != 1 || h.Parts[0].Name != "ClickHouse" || h.Lag != nil {
		t.Errorf("%+v", h)
	}
}
