package api

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/collector/admission"
	"github.com/throughline/throughline/collector/delivery"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// void is a sink that acknowledges at once.
type void struct{}

func (void) Touchpoints(context.Context, []delivery.Record) error { return nil }
func (void) Rejected(context.Context, []delivery.Record) error    { return nil }

// stamped is an admitter that costs nothing: what a benchmark shows with it is the API's own share.
type stamped struct{}

func (stamped) Admit(req *admission.Request, raw []byte, into *touchpoint.Touchpoint) *admission.Problem {
	into.Site, into.MessageId, into.AnonymousId = req.Site.ID, "01890a5d-ac96-774b-bcce-b302099a8057", "visitor-1234567890"
	into.Type, into.Event, into.Url, into.Path = "page", "Page Viewed", "https://shop.example/products/running-shoes", "/products/running-shoes"
	into.Referrer, into.Channel, into.Browser, into.Os, into.Device = "https://www.google.com/", "organic_search", "Chrome", "Windows", "desktop"
	into.OccurredAt, into.ReceivedAt, into.Ip, into.Source = 1760000000000, 1760000000000000, "203.0.113.0", "http"
	into.Properties, into.Context = raw[len(raw)-60:], raw[120:320]
	return nil
}

func pageEvent(i int) string {
	return fmt.Sprintf(`{"message_id":"01890a5d-ac96-774b-bcce-b3020%07d","type":"page","anonymous_id":"visitor-%d","timestamp":"2026-03-01T12:00:00.123Z",`+
		`"context":{"page":{"url":"https://shop.example/products/running-shoes?color=blue","path":"/products/running-shoes",`+
		`"referrer":"https://www.google.com/","title":"Running shoes | Shop"},"locale":"en-US"},`+
		`"properties":{"category":"shoes","sku":"SKU-%d","position":3,"list":"search results"}}`, i, i%1000, i)
}

func pageEvents(n int) []byte {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = pageEvent(i)
	}
	if n == 1 {
		return []byte(parts[0])
	}
	return []byte("[" + strings.Join(parts, ",") + "]")
}

// discard is a ResponseWriter that keeps the header map.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

func benchHandler(b *testing.B, admitter Admitter) *Handler {
	b.Helper()
	cfg := testConfig()
	cfg.MaxInFlight = 10000
	h, err := New(cfg, Deps{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Sites: sites.Default(), Admitter: admitter, Sink: void{}})
	if err != nil {
		b.Fatal(err)
	}
	return h
}

func benchmarkHandler(b *testing.B, admitter Admitter, events int) {
	h, body := benchHandler(b, admitter), pageEvents(events)
	r := httptest.NewRequest(http.MethodPost, RouteTouchpoints, nil)
	r.Header.Set("Authorization", "Bearer local")
	r.Header.Set("Content-Type", "application/json")
	r.ContentLength = int64(len(body))
	in := bytes.NewReader(body)
	r.Body = io.NopCloser(in)
	w := &discard{header: make(http.Header)}
	b.ReportAllocs()
	for b.Loop() {
		in.Reset(body)
		h.ServeHTTP(w, r)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/event")
}

func BenchmarkSingle(b *testing.B)       { benchmarkHandler(b, admission.New(), 1) }
func BenchmarkBatch100(b *testing.B)     { benchmarkHandler(b, admission.New(), 100) }
func BenchmarkOwnSingle(b *testing.B)    { benchmarkHandler(b, stamped{}, 1) }
func BenchmarkOwnBatch100(b *testing.B)  { benchmarkHandler(b, stamped{}, 100) }
func BenchmarkLoopSingle(b *testing.B)   { benchmarkLoopback(b, benchHandler(b, admission.New()), 1) }
func BenchmarkLoopBatch100(b *testing.B) { benchmarkLoopback(b, benchHandler(b, admission.New()), 100) }

// BenchmarkLoopNoop is the yardstick: a server that reads the body and answers 200.
func BenchmarkLoopNoop(b *testing.B) {
	benchmarkLoopback(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	}), 1)
}

// benchmarkLoopback posts through TCP on many connections. The client writes fixed bytes and reads a fixed number of
// bytes back, so that it takes as little as possible from the two processors.
func benchmarkLoopback(b *testing.B, h http.Handler, events int) {
	server := httptest.NewServer(h)
	defer server.Close()
	body := pageEvents(events)
	request := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer local\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		RouteTouchpoints, len(body), body)
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			b.Error(err)
			return
		}
		defer func() {
			if err := conn.Close(); err != nil {
				b.Error(err)
			}
		}()
		in := bufio.NewReader(conn)
		size := 0
		for pb.Next() {
			if _, err := conn.Write(request); err != nil {
				b.Error(err)
				return
			}
			if size, err = answer(in, size); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
}

// answer reads one answer; later ones are as long as the first.
func answer(in *bufio.Reader, size int) (int, error) {
	if size > 0 {
		_, err := in.Discard(size)
		return size, err
	}
	for length := -1; ; {
		line, err := in.ReadString('\n')
		size += len(line)
		if err != nil {
			return 0, err
		}
		if _, err := fmt.Sscanf(line, "Content-Length: %d", &length); err == nil {
			continue
		}
		if line == "\r\n" {
			_, err := in.Discard(length)
			return size + length, err
		}
	}
}
