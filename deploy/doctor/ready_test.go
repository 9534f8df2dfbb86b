package doctor

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestReady(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		body    string
		verdict Verdict
		text    string
	}{
		"collector ready":     {200, `{"ready":true,"checks":[{"name":"kafka","ready":true}]}`, OK, "ready at"},
		"collector on spool":  {200, `{"ready":true,"checks":[{"name":"kafka","ready":false,"detail":"not reachable"}]}`, Warn, "kafka: not reachable"},
		"collector not ready": {503, `{"ready":false,"checks":[{"name":"spool","ready":false,"detail":"full"},{"name":"kafka","ready":false}]}`, Fail, "kafka; spool: full"},
		"processor ready":     {200, `{"ready":true,"checks":{"kafka":"ready"}}`, OK, "ready at"},
		"processor not ready": {503, `{"ready":false,"checks":{"kafka":"waiting for partitions"}}`, Fail, "kafka: waiting for partitions"},
		"something else":      {200, `<html>`, Fail, "not as a service of ours"},
		"other JSON":          {404, `{"error":"no"}`, Fail, "HTTP 404"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/readyz" {
					t.Errorf("asked for %s", r.URL.Path)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			check := Ready("collector", strings.TrimPrefix(server.URL, "http://"), "throughline collector", nil)
			expect(t, check.Run(t.Context()), c.verdict, c.text)
		})
	}
}

// free is an address at which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestReadyNobodyThere(t *testing.T) {
	addr := free(t)
	expect(t, Ready("collector", addr, "throughline collector", nil).Run(t.Context()), Fail, "nobody listens", "throughline collector", "--skip collector")
	where := func(s string) func(context.Context) string { return func(context.Context) string { return s } }
	expect(t, Ready("processor", addr, "x", where("")).Run(t.Context()), Fail, "nobody listens")
	expect(t, Ready("processor", addr, "x", where("it runs elsewhere")).Run(t.Context()), Skipped, "it runs elsewhere")
	expect(t, Ready("processor", "", "x", nil).Run(t.Context()), Skipped, "no admin address")
	expect(t, Ready("processor", "127.0.0.1:0", "x", nil).Run(t.Context()), Skipped, "chosen at the start")
}

func TestReadyHangs(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer server.Close()
	defer close(hang)
	check := Ready("collector", strings.TrimPrefix(server.URL, "http://"), "x", nil)
	expect(t, Run(t.Context(), []Check{check}, 50*time.Millisecond)[0], Fail, "deadline exceeded")
}

func TestReachable(t *testing.T) {
	for listen, want := range map[string]string{
		":8081": "localhost:8081", "0.0.0.0:8081": "localhost:8081", "[::]:8081": "localhost:8081", "10.0.0.1:8081": "10.0.0.1:8081",
	} {
		if got, err := reachable(listen); err != nil || got != want {
			t.Errorf("%s: got %s, %v", listen, got, err)
		}
	}
}
