package cli

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/throughline/throughline/dashboards/live"
)

func TestScrapeAll(t *testing.T) {
	registry := prometheus.NewRegistry()
	lag := prometheus.NewGauge(prometheus.GaugeOpts{Name: "throughline_processor_lag_records"})
	registry.MustRegister(lag)
	lag.Set(7)
	up := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer up.Close()
	down := httptest.NewServer(http.NotFoundHandler())
	defer down.Close()
	families, err := scrapeAll([]string{down.URL, up.URL, "http://127.0.0.1:1/metrics"})(t.Context())
	if len(families) != 1 || families[0].GetMetric()[0].GetGauge().GetValue() != 7 {
		t.Errorf("%v", families)
	}
	if err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("those that do not answer: %v", err)
	}
}

// TestServeLive starts the page for a ClickHouse that is not there: the page is, and it says so.
func TestServeLive(t *testing.T) {
	page, err := live.New(live.Config{DSN: "http://127.0.0.1:1/throughline"}, live.Deps{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	said, write := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serveLive(ctx, "127.0.0.1:0", page, slog.New(slog.NewTextHandler(write, nil)))
	}()
	line := make([]byte, 4096)
	n, err := said.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	url := regexp.MustCompile(`http://[^ \n"]+/live/`).FindString(string(line[:n]))
	answer, err := http.Get(url)
	if err != nil {
		t.Fatalf("%s: %v", line[:n], err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("%s: %s", url, answer.Status)
	}
	events, err := http.Get(url + "api/events")
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(stopLimit):
		t.Error("an open connection keeps it from stopping")
	}
}
