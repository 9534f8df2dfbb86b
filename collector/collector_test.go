package collector

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/tests/ports"
)

func TestThroughTheBroker(t *testing.T) {
	b := startBroker(t, t.TempDir(), "127.0.0.1:0")
	x := startCollector(t, b.Addr(), nil)
	c := client(t)
	var parts []string
	for i := range 300 {
		parts = append(parts, page(fmt.Sprint("m", i)))
	}
	status, v := x.post(t, c, "["+strings.Join(parts, ",")+`,{"type":"track","user_id":"u"}]`)
	if status != 200 || v.Accepted != 300 || v.Rejected != 1 || v.Results[300].Field != "event" {
		t.Fatalf("%d %+v", status, v)
	}
	if status, _ := x.post(t, c, "[{]"); status != 400 {
		t.Errorf("broken array: %d", status)
	}
	if status, text := x.admin(t, "/readyz"); status != 200 || strings.Contains(text, `"ready":false`) {
		t.Errorf("readyz %d %s", status, text)
	}
	for path, want := range map[string]string{
		"/healthz": "alive", "/metrics": `throughline_collector_events_total{site="main",verdict="accepted"} 300`, "/debug/pprof/": "goroutine",
	} {
		if status, text := x.admin(t, path); status != 200 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %.300s", path, status, text)
		}
	}
	if problems, err := testutil.GatherAndLint(x.registry); err != nil || len(problems) > 0 {
		t.Error(err, problems)
	}
	x.stop(t)
	got := ids(readLog(t, b.Addr(), topics.Touchpoints, 4))
	if len(got) != 300 {
		t.Errorf("%d touchpoints in the log", len(got))
	}
	rejected := readLog(t, b.Addr(), topics.Rejected, 1)
	if len(rejected) != 2 || rejected[0].GetRejection().Field != "event" || string(rejected[1].GetRejection().Raw) != "[{]" {
		t.Errorf("dead letter %v", rejected)
	}
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
}

func TestKafkaAwayThenBack(t *testing.T) {
	dir := t.TempDir()
	addr := ports.For(t)
	b := startBroker(t, dir, addr)
	x := startCollector(t, addr, func(c *Config) { c.DeliveryTimeout = time.Second })
	c := client(t)
	x.mustAccept(t, c, "before")
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		x.mustAccept(t, c, fmt.Sprint("during", i))
	}
	if status, text := x.admin(t, "/readyz"); status != 200 || !strings.Contains(text, `"name":"kafka","ready":false`) {
		t.Errorf("readyz %d %s", status, text)
	}
	b = startBroker(t, dir, addr)
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if waiting, _ := x.spool.Stats(); waiting == 0 {
			break
		}
		if time.Since(start) > 20*time.Second {
			t.Fatal("the spool was not drained")
		}
	}
	x.mustAccept(t, c, "after")
	x.stop(t)
	got := ids(readLog(t, addr, topics.Touchpoints, 4))
	for i := range 20 {
		if got[fmt.Sprint("during", i)] == 0 {
			t.Errorf("event %d acknowledged and lost", i)
		}
	}
	if got["before"] == 0 || got["after"] == 0 {
		t.Error(got)
	}
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
}

func (x *thing) mustAccept(t testing.TB, c *http.Client, id string) {
	t.Helper()
	if status, v := x.post(t, c, page(id)); status != 200 || v.Accepted != 1 {
		t.Fatalf("%s: %d %+v", id, status, v)
	}
}

// TestSpoolOutlivesTheCollector starts without any broker; the next collector finds one.
func TestSpoolOutlivesTheCollector(t *testing.T) {
	dir, spool := t.TempDir(), t.TempDir()
	addr := ports.For(t)
	b := startBroker(t, dir, addr)
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	withSpool := func(c *Config) { c.SpoolDir = spool }
	x := startCollector(t, addr, withSpool)
	x.mustAccept(t, client(t), "early")
	x.stop(t)
	b = startBroker(t, dir, addr)
	x = startCollector(t, addr, withSpool)
	for start := time.Now(); len(readLog(t, addr, topics.Touchpoints, 4)) == 0; time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatal("the spool was not drained")
		}
	}
	x.stop(t)
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
}

// TestStopDrains stops while clients post: whoever got a 200 finds the event in the log.
func TestStopDrains(t *testing.T) {
	b := startBroker(t, t.TempDir(), "127.0.0.1:0")
	x := startCollector(t, b.Addr(), nil)
	var mu sync.Mutex
	acknowledged := make(map[string]bool)
	var clients sync.WaitGroup
	first := make(chan struct{}, 64)
	for n := range 8 {
		clients.Go(func() {
			c := client(t)
			for i := 0; ; i++ {
				id := fmt.Sprintf("c%d-%d", n, i)
				if !x.tryPost(c, id) {
					return
				}
				mu.Lock()
				acknowledged[id] = true
				mu.Unlock()
				if i == 20 {
					first <- struct{}{}
				}
			}
		})
	}
	<-first
	x.stop(t)
	clients.Wait()
	got := ids(readLog(t, b.Addr(), topics.Touchpoints, 4))
	for id := range acknowledged {
		if got[id] == 0 {
			t.Errorf("%s acknowledged and lost", id)
		}
	}
	if len(acknowledged) < 20 {
		t.Errorf("only %d acknowledged", len(acknowledged))
	}
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
}

func (x *thing) tryPost(c *http.Client, id string) bool {
	answer, err := c.Post("http://"+x.PublicAddr()+"/v1/touchpoints?write_key=local", "application/json", strings.NewReader(page(id)))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

func TestSlowAndCutClients(t *testing.T) {
	b := startBroker(t, t.TempDir(), "127.0.0.1:0")
	x := startCollector(t, b.Addr(), func(c *Config) { c.ReadTimeout = 100 * time.Millisecond })
	head := "POST /v1/touchpoints HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer local\r\nContent-Length: 100\r\n\r\n"
	for _, tt := range []struct {
		name, send string
		closing    bool
		want       string
	}{
		{"half a body, then nothing", head + `{"type":`, false, "408"},
		{"half a body, then the end", head + `{"type":`, true, "400"},
		{"half a header, then nothing", "POST /v1/touch", false, ""},
		{"a large header", "POST / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", false, "431"},
	} {
		conn, err := net.Dial("tcp", x.PublicAddr())
		if err != nil {
			t.Fatal(err)
		}
		// A large header may be cut off while it is written.
		if _, err := io.WriteString(conn, tt.send); err != nil && tt.want != "431" {
			t.Fatal(err)
		}
		if tt.closing {
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
		}
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil && tt.want != "" {
			t.Errorf("%s: %v", tt.name, err)
		}
		if !strings.Contains(line, tt.want) {
			t.Errorf("%s: %s", tt.name, line)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	x.mustAccept(t, client(t), "good")
	x.stop(t)
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
}

func TestStartFailsWhole(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := defaults(t)
	cfg.Listen, cfg.AdminListen, cfg.SpoolDir = "127.0.0.1:0", listener.Addr().String(), t.TempDir()
	reg := prometheus.NewRegistry()
	c, err := New(cfg, Deps{Logger: slog.New(slog.DiscardHandler), Registerer: reg, Gatherer: reg, Sites: sites.Default()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(t.Context()); err == nil || !strings.Contains(err.Error(), listener.Addr().String()) {
		t.Errorf("%v", err)
	}
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
}

func TestMasked(t *testing.T) {
	var text strings.Builder
	m := masked{slog.New(slog.NewTextHandler(&text, nil))}
	for _, line := range []string{"http: panic serving 203.0.113.7:4567: oh", "TLS handshake error from [2001:db8::7]:443: EOF"} {
		if _, err := m.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if got := text.String(); strings.Contains(got, "203.0") || strings.Contains(got, "2001") || !strings.Contains(got, "serving client: oh") {
		t.Error(got)
	}
}
