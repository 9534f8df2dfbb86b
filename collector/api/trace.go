package api

import (
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/throughline/throughline/schemas/topics"
)

// span is the trace of one request; the zero value traces nothing.
type span struct {
	trace.Span
	// parent is what the records carry, so that the trace goes on behind Kafka; empty where nothing is traced.
	parent string
}

// newTracer gives nil where nothing is to be traced.
func newTracer(provider trace.TracerProvider) trace.Tracer {
	if provider == nil {
		return nil
	}
	return provider.Tracer("github.com/throughline/throughline/collector")
}

// begin starts the span of a request whose sender traces it and has it sampled. There are no traces of our own, so all others cost
// a look for a header at most.
func (h *Handler) begin(route route, r *http.Request, at time.Time) span {
	if h.tracer == nil || first(r.Header, "Traceparent") == "" {
		return span{}
	}
	var format propagation.TraceContext
	parent := format.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	if !trace.SpanContextFromContext(parent).IsSampled() {
		return span{}
	}
	ctx, s := h.tracer.Start(parent, "POST "+routeNames[route], trace.WithTimestamp(at), trace.WithSpanKind(trace.SpanKindServer))
	onward := propagation.MapCarrier{}
	format.Inject(ctx, onward)
	return span{s, onward[topics.HeaderTrace]}
}

// mark names the trace in the records that go to Kafka.
func (s *span) mark(w *work) {
	if s.parent == "" {
		return
	}
	for i := range w.records {
		w.records[i].Trace = s.parent
	}
}

// done ends the span with the answer's status.
func (s *span) done(status int) {
	if s.Span == nil {
		return
	}
	s.SetAttributes(attribute.String("http.request.method", http.MethodPost), attribute.Int("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		s.SetStatus(codes.Error, http.StatusText(status))
	}
	s.End()
}
