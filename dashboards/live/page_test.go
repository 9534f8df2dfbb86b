package live

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// newPage is a page whose poller asks a fake; questions of clicks go nowhere.
func newPage(t *testing.T, store *fakeStore, cfg Config) *Page {
	t.Helper()
	cfg.DSN = "http://127.0.0.1:1/throughline"
	p, err := New(cfg, Deps{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	p.poller.ask = store.ask
	return p
}

func get(p *Page, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "127.0.0.1:8123"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, r)
	return w
}

func TestAnswers(t *testing.T) {
	p := newPage(t, &fakeStore{}, Config{LoopbackOnly: true})
	for _, c := range []struct {
		method, target string
		headers        []string
		status         int
	}{
		{"GET", "/live/", nil, 200},
		{"GET", "/live/app.js", nil, 200},
		{"GET", "/live/app.css", nil, 200},
		{"GET", "/live/icon.svg", nil, 200},
		{"GET", "/live/api/about", nil, 200},
		{"GET", "/live", nil, 307},
		{"GET", "/", nil, 302},
		{"GET", "/live/nothing", nil, 404},
		{"POST", "/live/api/about", nil, 405},
		{"POST", "/live/api/events", nil, 405},
		{"GET", "/live/api/events?range=3h", nil, 400},
		{"GET", "/live/api/customers", nil, 400},
		{"GET", "/live/api/customers?of=stage&stage=6", nil, 400},
		{"GET", "/live/api/customers?of=stage&stage=2&part=x", nil, 400},
		{"GET", "/live/api/customers?of=flow&from_stage=0", nil, 400},
		{"GET", "/live/api/customers?of=channel&name=x&page=-1", nil, 400},
		{"GET", "/live/api/customers?of=channel&name=x&page=401", nil, 400},
		{"GET", "/live/api/customers?of=channel&name=x", nil, 503},
		{"GET", "/live/api/refused?name=x", nil, 503},
		{"GET", "/live/api/customer?site=main", nil, 400},
		{"GET", "/live/api/customer?site=main&id=x", nil, 503},
		{"GET", "/live/api/options", nil, 503},
		{"GET", "/live/", []string{"Host", "evil.example"}, 421},
		{"GET", "/live/", []string{"Host", "127.0.0.1.evil.example:8123"}, 421},
		{"GET", "/live/", []string{"Host", "localhost:1"}, 200},
		{"GET", "/live/", []string{"Host", "[::1]:1"}, 200},
		{"GET", "/live/", []string{"Host", "[::1]"}, 200},
	} {
		w := get(p, c.method, c.target, c.headers...)
		if w.Code != c.status {
			t.Errorf("%s %s %v: %d, want %d: %s", c.method, c.target, c.headers, w.Code, c.status, w.Body)
		}
		if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s %s: policy %q", c.method, c.target, policy)
		}
	}
	if w := get(newPage(t, &fakeStore{}, Config{}), "GET", "/live/", "Host", "live.example.com"); w.Code != http.StatusOK {
		t.Errorf("a page for others is refused to them: %d", w.Code)
	}
}

func TestAssetsAreCompressedAndRemembered(t *testing.T) {
	p := newPage(t, &fakeStore{}, Config{})
	plain := get(p, "GET", "/live/app.js")
	zipped := get(p, "GET", "/live/app.js", "Accept-Encoding", "br, gzip")
	if zipped.Header().Get("Content-Encoding") != "gzip" || 2*zipped.Body.Len() > plain.Body.Len() {
		t.Errorf("%d bytes became %d as %q", plain.Body.Len(), zipped.Body.Len(), zipped.Header().Get("Content-Encoding"))
	}
	again := get(p, "GET", "/live/app.js", "If-None-Match", plain.Header().Get("ETag"))
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("asked again: %d", again.Code)
	}
	page := get(p, "GET", "/live/").Body.String()
	if strings.Contains(page, "<style") || strings.Contains(page, "style=") || strings.Contains(page, "onclick") || strings.Contains(page, "://") {
		t.Error("the page has something inline or from elsewhere")
	}
}

func TestEventsOverHTTP(t *testing.T) {
	store := &fakeStore{arrivals: [][]any{arrival(1, time.Now())}}
	p := newPage(t, store, Config{})
	server := httptest.NewServer(p.Handler())
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); p.Run(ctx) }()
	response, err := http.Get(server.URL + "/live/api/events?range=1h")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if kind := response.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("%s", kind)
	}
	seen := map[string]bool{}
	lines := bufio.NewScanner(response.Body)
	for (!seen["arrivals"] || !seen["health"] || !seen["funnel"]) && lines.Scan() {
		if name, found := strings.CutPrefix(lines.Text(), "event: "); found {
			seen[name] = true
		}
	}
	if !seen["health"] {
		t.Errorf("ended early: %v %v", seen, lines.Err())
	}
	cancel()
	<-ended
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Errorf("the connection was cut instead of ended: %v", err)
	}
	if w := get(p, "GET", "/live/api/events"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("after the end: %d", w.Code)
	}
}
