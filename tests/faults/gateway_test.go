package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// rule decides about one request to ClickHouse. insert is the table's name for an INSERT, else "".
type rule func(insert string) action

// action is what becomes of a request.
type action struct {
	// Wait before it is passed on, or until hold is closed; the client's giving up does not stop it.
	delay time.Duration
	hold  <-chan struct{}
	// Answer with an exception of ClickHouse: its code and name.
	code int
	name string
	// Pass it on first, so that the exception or the cut connection hides that it was done.
	apply bool
	// Close the connection without an answer.
	drop bool
	// Pass it on so much later than it is answered with an exception: a server that goes on after its client has given up.
	later time.Duration
}

// gateway is an HTTP proxy on loopback in front of ClickHouse.
type gateway struct {
	addr, target string
	client       *http.Client
	mu           sync.Mutex
	rule         rule
	broken       int
}

func newGateway(t testing.TB, target string) *gateway {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	g := &gateway{addr: l.Addr().String(), target: target, client: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 32, DisableCompression: true,
	}}}
	server := &http.Server{Handler: g}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return g
}

// set changes the rule; nil lets everything pass.
func (g *gateway) set(r rule) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rule = r
}

// count is how many requests were interfered with.
func (g *gateway) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.broken
}

func (g *gateway) decide(insert string) (a action) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rule != nil {
		a = g.rule(insert)
	}
	if a != (action{}) {
		g.broken++
	}
	return a
}

// ServeHTTP implements http.Handler.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	a := g.decide(insertInto(r.URL.Query().Get("query")))
	select {
	case <-time.After(a.delay):
	case <-r.Context().Done():
	}
	if a.hold != nil {
		<-a.hold
	}
	if a.later > 0 {
		late := r.Clone(context.WithoutCancel(r.Context()))
		time.AfterFunc(a.later, func() {
			if answer, err := g.pass(late, body); err == nil {
				_ = answer.Body.Close()
			}
		})
	}
	var answer *http.Response
	if a.code == 0 && !a.drop || a.apply {
		if answer, err = g.pass(r, body); err != nil {
			panic(http.ErrAbortHandler) // closes the connection
		}
		defer answer.Body.Close()
	}
	switch {
	case a.drop:
		panic(http.ErrAbortHandler)
	case a.code != 0:
		w.Header().Set("X-ClickHouse-Exception-Code", fmt.Sprint(a.code))
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, "Code: %d. DB::Exception: the fault of a test. (%s)", a.code, a.name)
	default:
		for name, values := range answer.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
	}
}

// insertInto is the name of the table that a statement inserts into, "" when it is none.
func insertInto(statement string) string {
	rest, is := strings.CutPrefix(statement, "INSERT INTO ")
	if !is {
		return ""
	}
	name, _, _ := strings.Cut(rest, " ")
	_, table, _ := strings.Cut(strings.ReplaceAll(name, "`", ""), ".")
	return table
}

// pass sends the request on, whether or not the client still waits.
func (g *gateway) pass(r *http.Request, body []byte) (*http.Response, error) {
	url := *r.URL
	url.Scheme, url.Host = "http", g.target
	out, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, url.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header = r.Header.Clone()
	return g.client.Do(out)
}
