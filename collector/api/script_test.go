package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

type oneScript struct{}

func (oneScript) Serve(w http.ResponseWriter, r *http.Request) (int, error) {
	if r.Header.Get("If-None-Match") != "" {
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified, nil
	}
	_, err := io.WriteString(w, "script")
	return http.StatusOK, err
}

func TestScript(t *testing.T) {
	b := newBench(t, func(c *Config) { c.ClientRequestsPerSecond = 5 })
	ask := func(method, from string, headers ...string) reply {
		r := httptest.NewRequest(method, RouteScript, nil)
		r.RemoteAddr = from
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return b.do(t, r)
	}
	if a := ask("GET", "203.0.113.1:1"); a.status != 404 {
		t.Errorf("without a script: %d %s", a.status, a.text)
	}
	b.script = oneScript{}
	if a := ask("GET", "203.0.113.1:1"); a.status != 200 || a.text != "script" {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := ask("GET", "203.0.113.1:1", "If-None-Match", "x"); a.status != 304 {
		t.Errorf("one who has it: %d %s", a.status, a.text)
	}
	if a := ask("POST", "203.0.113.1:1"); a.status != 405 || a.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %s", a.status, a.text)
	}
	for range 10 {
		ask("GET", "203.0.113.2:1")
	}
	if a := ask("GET", "203.0.113.2:1"); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("too often: %d %s", a.status, a.text)
	}
}
