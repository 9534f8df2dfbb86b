package api

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/throughline/throughline/collector/delivery"
)

const sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// carrier keeps the traces that records carry.
type carrier struct {
	Sink
	mu     sync.Mutex
	traces []string
}

func (c *carrier) Touchpoints(ctx context.Context, records []delivery.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range records {
		c.traces = append(c.traces, r.Trace)
	}
	return c.Sink.Touchpoints(ctx, records)
}

// traced makes a bench that traces, or one that does not.
func traced(t testing.TB, on bool) (*bench, *carrier, *tracetest.SpanRecorder) {
	b, spans := newBench(t, nil), tracetest.NewSpanRecorder()
	if on {
		b.tracer = newTracer(trace.NewTracerProvider(trace.WithSpanProcessor(spans), trace.WithSampler(trace.ParentBased(trace.NeverSample()))))
	}
	c := &carrier{Sink: b.sink}
	b.Handler.sink = c
	return b, c, spans
}

func TestOnlySampledRequestsAreTraced(t *testing.T) {
	for _, tt := range []struct {
		name, header string
		on, traced   bool
	}{
		{"sampled", sampled, true, true},
		{"sampled, and nobody traces here", sampled, false, false},
		{"not sampled", strings.TrimSuffix(sampled, "1") + "0", true, false},
		{"not traced", "", true, false},
		{"garbage", "00-zz", true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, c, spans := traced(t, tt.on)
			r := request("[" + event("a") + "," + event("b") + "]")
			if tt.header != "" {
				r.Header.Set("Traceparent", tt.header)
			}
			if a := b.do(t, r); a.status != 200 {
				t.Fatal(a.text)
			}
			ended := spans.Ended()
			if (len(ended) == 1) != tt.traced {
				t.Fatalf("%d spans", len(ended))
			}
			for _, carried := range c.traces {
				if !tt.traced && carried != "" {
					t.Errorf("records carry %q", carried)
				}
				if tt.traced && (carried[3:35] != sampled[3:35] || carried[36:52] != ended[0].SpanContext().SpanID().String()) {
					t.Errorf("records carry %q, the span is %v", carried, ended[0].SpanContext())
				}
			}
			if tt.traced && ended[0].Parent().SpanID().String() != sampled[36:52] {
				t.Errorf("parent %v", ended[0].Parent())
			}
		})
	}
}

func TestSpansSayWhatWentWrong(t *testing.T) {
	b, _, spans := traced(t, true)
	b.Handler.sink.(*carrier).Sink.(*memory).touchError = errors.New("away")
	b.do(t, request(event("a"), "Traceparent", sampled))
	if ended := spans.Ended(); len(ended) != 1 || ended[0].Status().Code != codes.Error {
		t.Errorf("%v", ended)
	}
}

// BenchmarkTracing shows what tracing costs requests that nobody traces: off, and on without a header.
func BenchmarkTracing(b *testing.B) {
	for _, tt := range []struct {
		name, header string
		on           bool
	}{{"off", "", false}, {"on, not traced", "", true}, {"on, sampled", sampled, true}} {
		b.Run(tt.name, func(b *testing.B) {
			x, _, _ := traced(b, tt.on)
			x.Handler.sink = nothing{}
			if tt.on {
				x.tracer = newTracer(trace.NewTracerProvider(trace.WithSampler(trace.ParentBased(trace.NeverSample()))))
			}
			body := event("a")
			b.ReportAllocs()
			for b.Loop() {
				r := request(body)
				if tt.header != "" {
					r.Header.Set("Traceparent", tt.header)
				}
				x.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}

// nothing takes records and forgets them.
type nothing struct{}

func (nothing) Touchpoints(context.Context, []delivery.Record) error { return nil }
func (nothing) Rejected(context.Context, []delivery.Record) error    { return nil }
