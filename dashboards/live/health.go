package live

import (
	"context"
	"encoding/json"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// Health is how the pipeline does, part by part in the order of the data's way.
type Health struct {
	At    time.Time `json:"at"`
	Parts []Part    `json:"parts"`
	// Metered tells whether the parts' metrics can be read; without them only ClickHouse is known.
	Metered bool `json:"metered"`
	// Rates are touchpoints a second; null when unknown.
	Accepted *float64 `json:"accepted"`
	Rejected *float64 `json:"rejected"`
	// Freshness is the mean time in seconds from receipt to visible, of what has become visible since the last look.
	Freshness *float64 `json:"freshness"`
	// Lag is how many records wait in Kafka.
	Lag *float64 `json:"lag"`
}

// Part is one of the pipeline.
type Part struct {
	Name string `json:"name"`
	// State is good, busy, bad or unknown.
	State string `json:"state"`
	// Says is a sentence on the state.
	Says string `json:"says"`
}

// States of a part.
const (
	good    = "good"
	busy    = "busy"
	bad     = "bad"
	unknown = "unknown"
)

// Bounds from which a lag in seconds is worth a look, and bad. A flush waits half a second.
const (
	slowLag = 10
	badLag  = 60
)

// health reads the metrics and gives Health as JSON.
func (p *poller) health(ctx context.Context, now time.Time) json.RawMessage {
	h := Health{At: now.UTC()}
	s := sample{at: now}
	if p.metrics != nil {
		families, err := p.metrics(ctx)
		if err != nil {
			p.log.Debug("live page: metrics cannot be read", "error", err)
		}
		s.read(families)
	}
	if h.Metered = s.any; s.any {
		s.rates(p.last, &h)
		h.Parts = append(h.Parts, s.collector(h), s.kafka(), s.processor())
	}
	p.last = s
	h.Parts = append(h.Parts, p.store(s))
	data, err := json.Marshal(h)
	if err != nil {
		p.log.Error("live page: encode health", "error", err) // a number that is none
		return json.RawMessage(`{"parts":[]}`)
	}
	return data
}

// sample is what the page takes of the metrics at one moment.
type sample struct {
	at                   time.Time
	any                  bool
	accepted, rejected   float64
	retried              float64
	delay, delays        float64
	lag, lagSeconds      float64
	kafkaAway            bool
	spooled              float64
	partitions, restarts float64
}

// read sums what counts.
func (s *sample) read(families []*dto.MetricFamily) {
	for _, family := range families {
		for _, m := range family.GetMetric() {
			s.add(family.GetName(), m)
		}
	}
}

func (s *sample) add(name string, m *dto.Metric) {
	value := m.GetCounter().GetValue() + m.GetGauge().GetValue() // one of them
	s.any = s.any || name == "throughline_collector_events_total" || name == "throughline_processor_assigned_partitions"
	switch name {
	case "throughline_collector_events_total":
		s.verdict(label(m, "verdict"), value)
	case "throughline_collector_kafka_available":
		s.kafkaAway = s.kafkaAway || value == 0
	case "throughline_spool_used_bytes":
		s.spooled += value
	case "throughline_processor_lag_records":
		s.lag += value
	case "throughline_processor_lag_seconds":
		s.lagSeconds = max(s.lagSeconds, value)
	case "throughline_processor_assigned_partitions":
		s.partitions += value
	case "throughline_processor_event_to_queryable_seconds":
		s.delay += m.GetHistogram().GetSampleSum()
		s.delays += float64(m.GetHistogram().GetSampleCount())
	case "throughline_engine_restarts_total":
		s.restarts += value
	}
}

func (s *sample) verdict(verdict string, value float64) {
	switch verdict {
	case "accepted":
		s.accepted += value
	case "rejected":
		s.rejected += value
	case "retry":
		s.retried += value
	}
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}
