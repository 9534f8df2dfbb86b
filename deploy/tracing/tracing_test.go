package tracing

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
)

func TestWithoutAnEndpointNothingIsTraced(t *testing.T) {
	for _, name := range endpoints {
		t.Setenv(name, "")
	}
	provider, stop, err := New(t.Context(), "throughline-test")
	if err != nil || provider != nil {
		t.Errorf("%v, %v", provider, err)
	}
	stop()
}

func TestSampledSpansAreSent(t *testing.T) {
	var sent atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { sent.Add(1) }))
	defer server.Close()
	t.Setenv(endpoints[1], server.URL+"/v1/traces")
	provider, stop, err := New(t.Context(), "throughline-test")
	if err != nil {
		t.Fatal(err)
	}
	_, own := provider.Tracer("test").Start(t.Context(), "nobody asked for this one")
	own.End()
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled, Remote: true})
	_, span := provider.Tracer("test").Start(trace.ContextWithRemoteSpanContext(t.Context(), parent), "a request")
	if own.SpanContext().IsSampled() || !span.SpanContext().IsSampled() {
		t.Error("what is sampled is not the caller's choice")
	}
	span.End()
	stop()
	if sent.Load() != 1 {
		t.Errorf("%d requests", sent.Load())
	}
}

func TestStopDoesNotWaitForABackendThatIsAway(t *testing.T) {
	t.Setenv(endpoints[0], "http://127.0.0.1:1")
	provider, stop, err := New(t.Context(), "throughline-test")
	if err != nil {
		t.Fatal(err)
	}
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled, Remote: true})
	_, span := provider.Tracer("test").Start(trace.ContextWithRemoteSpanContext(t.Context(), parent), "a request")
	span.End()
	done := make(chan struct{})
	go func() { defer close(done); stop() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("it waits for ever")
	}
}
