package cli

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealthcheck(t *testing.T) {
	ready := http.StatusServiceUnavailable
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			w.WriteHeader(ready)
		}
	}))
	addr := strings.TrimPrefix(server.URL, "http://")
	_, port, _ := strings.Cut(addr, ":")
	nobody := "127.0.0.1:1"
	ask := func(code int, collector, processor string, flags ...string) {
		t.Helper()
		t.Setenv("THROUGHLINE_COLLECTOR_ADMIN_LISTEN", collector)
		t.Setenv("THROUGHLINE_PROCESSOR_ADMIN_LISTEN", processor)
		if got, _, errs := run(append([]string{"healthcheck"}, flags...)...); got != code {
			t.Errorf("collector at %s, processor at %s, %v: exit code %d, want %d: %s", collector, processor, flags, got, code, errs)
		}
	}
	ask(exitOK, addr, nobody)
	ask(exitOK, nobody, addr)
	ask(exitOK, nobody, "0.0.0.0:"+port)
	ask(exitOK, ":"+port, nobody)
	ask(exitFailed, nobody, nobody)
	ask(exitFailed, "nonsense", "")
	ask(exitFailed, addr, nobody, "--ready")
	ready = http.StatusOK
	ask(exitOK, addr, nobody, "--ready")
	server.Close()
	ask(exitFailed, addr, addr)
}
