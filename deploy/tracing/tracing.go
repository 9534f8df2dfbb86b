// Package tracing takes the OTEL_… variables of the environment and gives a tracer whose spans go to that collector of traces; without
// an endpoint there is none, and nothing is traced.
package tracing

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
)

// endpoints are the variables that turn tracing on; otlptracehttp reads them, and the other OTEL_EXPORTER_OTLP_… ones, itself.
var endpoints = []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"}

// stopLimit bounds the sending of the last spans.
const stopLimit = 3 * time.Second

// New gives a provider of tracers for a service such as throughline-collector, and what to call at the end; nil and a function that
// does nothing where no endpoint is set. Only what a caller has begun to trace is traced: there are no traces of our own. It connects
// to nothing yet.
func New(ctx context.Context, service string) (api.TracerProvider, func(), error) {
	on := false
	for _, name := range endpoints {
		on = on || os.Getenv(name) != ""
	}
	if !on {
		return nil, func() {}, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("tracing: %w", err)
	}
	// OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", service)), resource.WithFromEnv())
	if err != nil {
		return nil, nil, fmt.Errorf("tracing: %w", err)
	}
	provider := trace.NewTracerProvider(
		trace.WithBatcher(exporter), trace.WithResource(about), trace.WithSampler(trace.ParentBased(trace.NeverSample())),
	)
	stop := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
		defer cancel()
		_ = provider.Shutdown(ctx) // spans that cannot be sent are nobody's loss
	}
	return provider, stop, nil
}
