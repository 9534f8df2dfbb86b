package engine_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestPage asks an engine that leads browsers to a web server: statements never go there, and events come through at once.
func TestPage(t *testing.T) {
	need(t)
	var asked atomic.Int32
	next := make(chan struct{})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/live/events" {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = w.Write([]byte("data: one\n\n"))
			_ = http.NewResponseController(w).Flush()
			<-next
			return
		}
		_, _ = io.WriteString(w, r.Host+" "+r.URL.String())
	}))
	defer site.Close()
	cfg := config(t.TempDir())
	cfg.PageAddr = site.Listener.Addr().String()
	e, err := start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer stop(e)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(path, accept string) (*http.Response, string) {
		r, err := http.NewRequest(http.MethodGet, "http://"+e.Addr()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer, string(body)
	}
	if _, body := get("/live/a?b=c", "*/*"); body != e.Addr()+" /live/a?b=c" {
		t.Errorf("passed on as %q", body)
	}
	if answer, _ := get("/", "text/html,*/*"); answer.StatusCode != http.StatusFound || answer.Header.Get("Location") != "/live/" {
		t.Errorf("a browser is answered %d, %q", answer.StatusCode, answer.Header.Get("Location"))
	}
	before := asked.Load()
	if _, body := get("/", "*/*"); body != "Ok.\n" {
		t.Errorf("a client's look: %q", body)
	}
	if _, body := get("/?query=SELECT+1", "text/html"); body != "1\n" {
		t.Errorf("a statement in a browser: %q", body)
	}
	must(t, e.Addr(), "CREATE TABLE written (a UInt8) ENGINE = Memory")
	must(t, e.Addr(), "INSERT INTO written VALUES (1)")
	if asked.Load() != before {
		t.Error("a statement was passed on")
	}

	answer, err := client.Get("http://" + e.Addr() + "/live/events")
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(answer.Body).ReadString('\n'); line != "data: one\n" {
		t.Errorf("while the answer goes on: %q %v", line, err)
	}
	close(next)
	answer.Body.Close()
	site.Close()
	if answer, body := get("/live/", "text/html"); answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "try again") {
		t.Errorf("without the web server: %d %q", answer.StatusCode, body)
	}
}
