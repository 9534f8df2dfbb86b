package client

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

// script answers each request with the next of its steps and keeps the bodies that came.
type script struct {
	t      *testing.T
	steps  []func(w http.ResponseWriter)
	bodies []string
	heads  []http.Header
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reader := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		zip, err := gzip.NewReader(r.Body)
		if err != nil {
			s.t.Errorf("not gzip: %v", err)
			return
		}
		reader = zip
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		s.t.Errorf("reading: %v", err)
	}
	s.bodies, s.heads = append(s.bodies, string(body)), append(s.heads, r.Header)
	step := s.steps[min(len(s.bodies), len(s.steps))-1]
	step(w)
}

func say(status int, body string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func start(t *testing.T, cfg Config, steps ...func(http.ResponseWriter)) (*Client, *script) {
	t.Helper()
	s := &script{t: t, steps: steps}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	cfg.URL, cfg.FirstPause = server.URL+"/v1/import", time.Millisecond
	if cfg.Key == "" {
		cfg.Key = "k"
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func events(texts ...string) [][]byte {
	var out [][]byte
	for _, text := range texts {
		out = append(out, []byte(text))
	}
	return out
}

func TestAllAccepted(t *testing.T) {
	c, s := start(t, Config{}, say(200, `{"accepted":2,"rejected":0,"retry":0,"results":[{},{}]}`))
	got, err := c.Send(context.Background(), events(`{"a":1}`, `{"a":2}`))
	if err != nil || got.Accepted != 2 || got.Rejected != nil || got.Retries != 0 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if s.bodies[0] != "{\"a\":1}\n{\"a\":2}\n" {
		t.Fatalf("body %q", s.bodies[0])
	}
	if h := s.heads[0]; h.Get("Authorization") != "Bearer k" || h.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("headers %v", h)
	}
}

func TestGzipBody(t *testing.T) {
	c, s := start(t, Config{Gzip: true}, say(200, `{"accepted":1}`))
	if _, err := c.Send(context.Background(), events(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if s.bodies[0] != "{\"a\":1}\n" || s.heads[0].Get("Content-Type") != "application/json" {
		t.Fatalf("body %q, headers %v", s.bodies[0], s.heads[0])
	}
}

func TestOnlyRetryVerdictsAreSentAgain(t *testing.T) {
	c, s := start(t, Config{},
		say(200, `{"accepted":1,"rejected":1,"retry":2,"results":[{"index":0,"status":"retry"},{"index":1,"status":"accepted"},
			{"index":2,"message_id":"m2","status":"rejected","reason":"missing","field":"event","detail":"why"},{"index":3,"status":"retry"}]}`),
		say(429, ``, "Retry-After", "0"),
		say(503, `{"accepted":0,"rejected":0,"retry":2}`),
		say(200, `{"accepted":1,"rejected":1,"retry":0,"results":[{"index":0,"status":"accepted"},{"index":1,"status":"rejected","reason":"r"}]}`))
	got, err := c.Send(context.Background(), events("0", "1", "2", "3"))
	if err != nil {
		t.Fatal(err)
	}
	want := Outcome{Accepted: 2, Retries: 3, Rejected: []Rejected{
		{Index: 2, MessageID: "m2", Reason: "missing", Field: "event", Detail: "why"}, {Index: 3, Reason: "r"}}}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	if want := []string{"0\n1\n2\n3\n", "0\n3\n", "0\n3\n", "0\n3\n"}; !reflect.DeepEqual(s.bodies, want) {
		t.Fatalf("bodies %q", s.bodies)
	}
}

func TestRefusedRequestIsNotRepeated(t *testing.T) {
	c, s := start(t, Config{}, say(401, `{"error":{"reason":"unknown_key","field":"","detail":"no site has this key"}}`))
	_, err := c.Send(context.Background(), events("0"))
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Status != 401 || refused.Reason != "unknown_key" || len(s.bodies) != 1 {
		t.Fatalf("got %v after %d requests", err, len(s.bodies))
	}
	if !strings.Contains(err.Error(), "no site has this key") {
		t.Fatalf("message %q", err)
	}
}

func TestAnswersThatDoNotAddUpAreErrors(t *testing.T) {
	for _, body := range []string{
		`hello`, `{}`, `{"accepted":1}`, `{"accepted":1,"retry":1}`,
		`{"accepted":1,"retry":1,"results":[{"index":0,"status":"accepted"}]}`,
		`{"accepted":1,"retry":1,"results":[{"index":0,"status":"accepted"},{"index":0,"status":"retry"}]}`,
		`{"accepted":1,"retry":1,"results":[{"index":0,"status":"accepted"},{"index":2,"status":"retry"}]}`,
		`{"accepted":1,"retry":1,"results":[{"index":0,"status":"accepted"},{"index":1,"status":"odd"}]}`,
	} {
		c, s := start(t, Config{}, say(200, body))
		if _, err := c.Send(context.Background(), events("0", "1")); err == nil || len(s.bodies) != 1 {
			t.Errorf("%s: error %v after %d requests", body, err, len(s.bodies))
		}
	}
}

func TestPatienceEnds(t *testing.T) {
	c, _ := start(t, Config{Patience: time.Nanosecond}, say(503, ``, "Retry-After", "1"))
	if _, err := c.Send(context.Background(), events("0")); err == nil || !strings.Contains(err.Error(), "overloaded") {
		t.Fatalf("got %v", err)
	}
}

func TestCancelledSendEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c, _ := start(t, Config{}, func(w http.ResponseWriter) { cancel(); w.WriteHeader(http.StatusInternalServerError) })
	if _, err := c.Send(ctx, events("0")); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestNewChecks(t *testing.T) {
	for _, cfg := range []Config{{URL: "http://x/", Key: ""}, {URL: "localhost:8080", Key: "k"}, {URL: "ftp://x/", Key: "k"}, {URL: "http:///x", Key: "k"}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v: no error", cfg)
		}
	}
}
