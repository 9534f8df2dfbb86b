package processor

import (
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/topics"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// tracedFlush is one of 250 records, of which all are traced.
func tracedFlush(sent time.Time, headers ...string) *flush {
	p := newPartition(topics.Touchpoints, 3, 0, 0)
	chunk := pending{records: len(headers), next: int64(len(headers)), oldest: sent}
	for i, h := range headers {
		chunk.traced = append(chunk.traced, consume.Traced{Offset: int64(i), Time: sent, Parent: h})
	}
	p.add(chunk)
	return &flush{portions: []*portion{{partition: p, pending: p.take()}}}
}

func TestTracedRecordsEndWhereTheyCanBeQueried(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans), trace.WithSampler(trace.ParentBased(trace.NeverSample())))
	sent := time.Now().Add(-time.Second)
	unsampled := parent[:len(parent)-1] + "0"
	steps := []step{{"store", time.Now()}, {"commit", time.Now()}}
	newTracer(provider).flushed(t.Context(), tracedFlush(sent, parent, unsampled, "garbage", ""), sent.Add(time.Millisecond), steps)
	all := spans.Ended()
	if len(all) != 1 {
		t.Fatalf("%d spans, one record was sampled", len(all))
	}
	s := all[0]
	if s.Parent().TraceID().String() != parent[3:35] || s.Parent().SpanID().String() != parent[36:52] || !s.Parent().IsRemote() {
		t.Errorf("parent %v", s.Parent())
	}
	if !s.StartTime().Equal(sent) || s.EndTime().Sub(sent) < time.Second || len(s.Events()) != 3 {
		t.Errorf("from %s to %s with %v", s.StartTime(), s.EndTime(), s.Events())
	}
	if got := attribute.NewSet(s.Attributes()...); got.Len() != 5 {
		t.Errorf("attributes %v", s.Attributes())
	}
}

func TestTracesOfAFlushAreBounded(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans), trace.WithSampler(trace.ParentBased(trace.NeverSample())))
	headers := make([]string, 3*maxTraces)
	for i := range headers {
		headers[i] = parent
	}
	newTracer(provider).flushed(t.Context(), tracedFlush(time.Now(), headers...), time.Now(), nil)
	if n := len(spans.Ended()); n != maxTraces {
		t.Errorf("%d spans of one flush", n)
	}
	newTracer(nil).flushed(t.Context(), tracedFlush(time.Now(), parent), time.Now(), nil) // nobody traces
}
