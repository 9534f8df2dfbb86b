package processor

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/throughline/throughline/schemas/topics"
)

// maxTraces bounds the spans of one flush: whoever traces every event of a backlog learns nothing from the thousandth.
const maxTraces = 100

// tracer tells the traces that senders have begun when their touchpoints are in the tables. A nil tracer does nothing.
type tracer struct{ tracer trace.Tracer }

func newTracer(provider trace.TracerProvider) *tracer {
	if provider == nil {
		return nil
	}
	return &tracer{provider.Tracer("github.com/throughline/throughline/processor")}
}

// step is a part of a flush that is done.
type step struct {
	name string
	done time.Time
}

// flushed ends the way of every traced record of a flush: a span from when it was put into Kafka until it can be queried, with
// the steps of the flush in it.
func (t *tracer) flushed(ctx context.Context, f *flush, began time.Time, steps []step) {
	if t == nil {
		return
	}
	left := maxTraces
	for _, p := range f.portions {
		topic, _ := p.partition.labels()
		for _, r := range p.pending.traced[:min(len(p.pending.traced), left)] {
			left--
			parent := propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{topics.HeaderTrace: strings.ToLower(r.Parent)})
			_, span := t.tracer.Start(parent, "flush "+topic, trace.WithTimestamp(r.Time), trace.WithSpanKind(trace.SpanKindConsumer),
				trace.WithAttributes(
					attribute.String("messaging.system", "kafka"),
					attribute.String("messaging.destination.name", topic),
					attribute.Int("messaging.destination.partition.id", p.partition.id),
					attribute.Int64("messaging.kafka.offset", r.Offset),
					attribute.Int("throughline.flush.records", p.pending.records),
				))
			span.AddEvent("flush begins", trace.WithTimestamp(began))
			for _, s := range steps {
				span.AddEvent(s.name, trace.WithTimestamp(s.done))
			}
			span.End()
		}
	}
}
