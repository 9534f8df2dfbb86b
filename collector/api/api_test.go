package api

import (
	"bytes"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/throughline/throughline/collector/delivery"
)

func TestKeepsWhatWasRefused(t *testing.T) {
	b := newBench(t, nil)
	bad := `[{"type":"page"}, {`
	b.do(t, request(bad))
	b.do(t, request(`{"message_id":"m9","type":"track","user_id":"u"}`))
	if len(b.sink.rejected) != 2 {
		t.Fatalf("kept %d", len(b.sink.rejected))
	}
	whole, one := b.sink.rejected[0], b.sink.rejected[1]
	if string(whole.Raw) != bad || whole.Reason != "not_json" || whole.Site != "shop" || whole.Component != "collector" || whole.RulesVersion != "r1" {
		t.Errorf("kept %v", whole)
	}
	if one.MessageId != "m9" || one.Reason != "missing" || one.Field != "event" || one.ReceivedAt == 0 {
		t.Errorf("kept %v", one)
	}
	long := "{" + strings.Repeat("x", 100<<10)
	b.do(t, request(long))
	if n := len(b.sink.rejected[2].Raw); n != maxRaw {
		t.Errorf("kept %d bytes", n)
	}
}

func TestRefusedEventsKeepNoAddress(t *testing.T) {
	b := newBench(t, nil)
	b.do(t, request(`{"type":"track","user_id":"u","context":{"ip" : "203.0.113.77","locale":"en"}}`))
	b.do(t, request(`[{"type":"page","context":{"ip":"2001:db8::7"}`))
	for i, want := range []string{
		`{"type":"track","user_id":"u","context":{"ip":"","locale":"en"}}`,
		`[{"type":"page","context":{"ip":""}`,
	} {
		if got := string(b.sink.rejected[i].Raw); got != want {
			t.Errorf("kept %s", got)
		}
	}
}

func TestImport(t *testing.T) {
	b := newBench(t, nil)
	r := request(`{"message_id":"a","type":"page","user_id":"u1","timestamp":"2015-05-01T00:00:00Z"}`, "Authorization", "Bearer shop-import-secret")
	r.URL.Path = RouteImport
	if a := b.do(t, r); a.status != 200 || a.Accepted != 1 {
		t.Fatal(a.text)
	}
	if got := b.sink.touchpoints[0]; got.OccurredAt*1000 != got.ReceivedAt {
		t.Errorf("received %d, occurred %d", got.ReceivedAt, got.OccurredAt)
	}
}

func TestWithoutRoom(t *testing.T) {
	tests := []struct {
		name                string
		body                string
		accepted, rejected  error
		status              int
		retry, rejectedWant int
		reason              string
	}{
		{"all overloaded", event("a"), delivery.ErrOverloaded, nil, 429, 1, 0, ""},
		{"all away", events(3), io.ErrClosedPipe, nil, 503, 3, 0, ""},
		{"a part", "[" + event("a") + ",{}]", io.ErrClosedPipe, nil, 200, 1, 1, ""},
		{"dead letter away", "[" + event("a") + ",{}]", nil, io.ErrClosedPipe, 200, 1, 0, ""},
		{"both away", "[" + event("a") + ",{}]", io.ErrClosedPipe, delivery.ErrOverloaded, 429, 2, 0, ""},
		{"whole body away", "[", nil, io.ErrClosedPipe, 503, 0, 0, "unavailable"},
		{"whole body overloaded", "[", nil, delivery.ErrOverloaded, 429, 0, 0, "overloaded"},
		{"one broken event away", "{\"a\":x}", nil, io.ErrClosedPipe, 503, 1, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, nil)
			b.sink.touchError, b.sink.rejectFail = tt.accepted, tt.rejected
			a := b.do(t, request(tt.body))
			if a.status != tt.status || a.Retry != tt.retry || a.Rejected != tt.rejectedWant || a.Error.Reason != tt.reason {
				t.Errorf("status %d, %d retry, %d rejected, reason %q: %s", a.status, a.Retry, a.Rejected, a.Error.Reason, a.text)
			}
			if a.header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
			}
		})
	}
}

func TestTooManyInFlight(t *testing.T) {
	b := newBench(t, func(c *Config) { c.MaxInFlight = 1 })
	reader, writer := io.Pipe()
	done := make(chan reply)
	slow := request("")
	slow.Body, slow.ContentLength = reader, -1
	go func() { done <- b.do(t, slow) }()
	if _, err := io.WriteString(writer, event("a")); err != nil {
		t.Fatal(err)
	}
	if a := b.do(t, request(event("b"))); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("status %d: %s", a.status, a.text)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if a := <-done; a.status != 200 {
		t.Errorf("first request: %s", a.text)
	}
}

func TestRoutes(t *testing.T) {
	b := newBench(t, func(c *Config) { c.OpenAPI = []byte("openapi: 3.1.0") })
	tests := []struct {
		method, path string
		status       int
		contains     string
	}{
		{"GET", "/", 200, "POST /v1/touchpoints"},
		{"HEAD", "/", 200, ""},
		{"POST", "/", 405, "method"},
		{"GET", "/v1/openapi.yaml", 200, "openapi: 3.1.0"},
		{"GET", "/v1/touchpoints", 405, "method"},
		{"DELETE", "/v1/import", 405, "method"},
		{"GET", "/metrics", 404, "no_such_route"},
		{"GET", "//v1/touchpoints", 404, "no_such_route"},
		{"GET", "/v1/../debug/pprof", 404, "no_such_route"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, "/", nil)
		r.URL.Path = tt.path
		a := b.do(t, r)
		if a.status != tt.status || !strings.Contains(a.text, tt.contains) || a.header.Get("Location") != "" {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, a.status, a.text)
		}
	}
}

func TestBodyReachesAdmissionUnchanged(t *testing.T) {
	b := newBench(t, nil)
	properties := `{"b":1.10,  "a":"\u00e9 \"q\" \\", "c":[{},[]]}`
	body := `[{"type":"track","event":"e","anonymous_id":"v","properties":` + properties + `},` + event("x") + `]`
	if a := b.do(t, request(body)); a.Accepted != 2 {
		t.Fatal(a.text)
	}
	if got := b.sink.touchpoints[0].Properties; !bytes.Equal(got, []byte(properties)) {
		t.Errorf("properties %s", got)
	}
}
