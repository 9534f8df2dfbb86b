// Package tracing takes the built program and a collector of traces, and shows that one trace leads from a client's request to the
// tables.
package tracing

import (
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/tests/harness"
)

// backend is a collector of traces that keeps the spans it is sent.
type backend struct {
	mu    sync.Mutex
	spans map[string][]string // trace id to "service: span, parent"
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unzipped
	}
	text, err := io.ReadAll(body)
	var request collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(text, &request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, resource := range request.ResourceSpans {
		service := ""
		for _, a := range resource.Resource.Attributes {
			if a.Key == "service.name" {
				service = a.Value.GetStringValue()
			}
		}
		for _, scope := range resource.ScopeSpans {
			for _, s := range scope.Spans {
				id := hex.EncodeToString(s.TraceId)
				b.spans[id] = append(b.spans[id], fmt.Sprintf("%s: %s %s<%s", service, s.Name, hex.EncodeToString(s.SpanId), hex.EncodeToString(s.ParentSpanId)))
			}
		}
	}
}

const (
	trace  = "0af7651916cd43dd8448eb211c80319c"
	client = "b7ad6b7169203331"
)

func post(t *testing.T, addr, traceparent string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://"+addr+"/v1/touchpoints", strings.NewReader(`{"event":"Product Viewed","anonymous_id":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer local")
	r.Header.Set("Traceparent", traceparent)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
}

func TestOneTraceLeadsFromTheRequestToTheTables(t *testing.T) {
	if _, err := libchdb.Find(); err != nil {
		t.Skip(err)
	}
	b := &backend{spans: map[string][]string{}}
	server := httptest.NewServer(b)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "100") // ms
	p := harness.New(t, "")
	p.Start(t)
	post(t, p.HTTP, "00-ffffffffffffffffffffffffffffffff-b7ad6b7169203331-00") // not sampled
	post(t, p.HTTP, "00-"+trace+"-"+client+"-01")
	var request, flush string
	harness.Eventually(t, 30*time.Second, "both spans are there", func() error {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, s := range b.spans[trace] {
			if strings.HasPrefix(s, "throughline: POST touchpoints ") {
				request = s
			}
			if strings.HasPrefix(s, "throughline: flush touchpoints.v1 ") {
				flush = s
			}
		}
		if request == "" || flush == "" {
			return fmt.Errorf("spans %v", b.spans)
		}
		return nil
	})
	id, parent, _ := strings.Cut(request[strings.LastIndexByte(request, ' ')+1:], "<")
	if parent != client || !strings.HasSuffix(flush, "<"+id) {
		t.Errorf("%s and %s are not one behind the other", request, flush)
	}
	p.Stop(t)
	if len(b.spans) != 1 {
		t.Errorf("spans of what nobody samples: %v", b.spans)
	}
}
