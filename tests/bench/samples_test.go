package main

import (
	"testing"
	"time"
)

// TestObserved holds the reading of profiles to what pprof prints.
func TestObserved(t *testing.T) {
	const traces = `File: throughline
Type: cpu
Duration: 10s, Total samples = 100ms
-----------+-------------------------------------------------------
      10ms   runtime.mapaccess2 /go/src/runtime/map.go:1
             github.com/prometheus/client_golang/prometheus.(*counter).Add /go/pkg/counter.go:2
             github.com/throughline/throughline/collector/api.(*Handler).ServeHTTP /src/collector/api/handler.go:3
-----------+-------------------------------------------------------
      20ms   syscall.Fdatasync /go/src/syscall/syscall.go:1
             github.com/throughline/throughline/deploy/embedded/broker.syncFile /src/deploy/embedded/broker/sync.go:2
             github.com/throughline/throughline/deploy/embedded/broker.(*metrics).timed /src/deploy/embedded/broker/metrics.go:3
-----------+-------------------------------------------------------
      30ms   github.com/throughline/throughline/processor.(*metrics).flushed /src/processor/metrics.go:1 (inline)
             github.com/throughline/throughline/processor.(*owner).flush /src/processor/flush.go:2
-----------+-------------------------------------------------------
      40ms   github.com/throughline/throughline/collector.depth /src/collector/collector.go:1
             github.com/prometheus/client_golang/prometheus/promhttp.HandlerFor.func1 /go/pkg/http.go:2
-----------+-------------------------------------------------------
     100ms   runtime.futex /go/src/runtime/futex.go:1
`
	share, all := observed([]byte(traces))
	if all != 200*time.Millisecond || share != 0.4 {
		t.Errorf("%.3f of %s, want 0.4 of 200ms", share, all)
	}
}
