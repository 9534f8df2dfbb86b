package cli

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/collector"
	"github.com/throughline/throughline/deploy/embedded/broker"
	"github.com/throughline/throughline/schemas/sites"
)

// rig is a real broker and a real collector, which the environment names to the commands.
type rig struct {
	url, admin, brokers string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	b, err := broker.New(broker.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", Partitions: 3}, quiet)
	if err == nil {
		err = b.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Stop() })
	var cfg collector.Config
	if err := read(&cfg); err != nil {
		t.Fatal(err)
	}
	cfg.Listen, cfg.AdminListen, cfg.SpoolDir, cfg.Brokers = "127.0.0.1:0", "127.0.0.1:0", t.TempDir(), []string{b.Addr()}
	registry := prometheus.NewRegistry()
	c, err := collector.New(cfg, collector.Deps{
		Logger: quiet, Registerer: registry, Gatherer: registry, Sites: sites.Default(), RulesVersion: "1",
	})
	if err == nil {
		err = c.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = c.Stop(ctx)
	})
	r := &rig{url: "http://" + c.PublicAddr(), admin: c.AdminAddr(), brokers: b.Addr()}
	t.Setenv("THROUGHLINE_URL", r.url)
	t.Setenv("THROUGHLINE_KAFKA_BROKERS", r.brokers)
	t.Setenv("THROUGHLINE_COLLECTOR_ADMIN_LISTEN", r.admin)
	return r
}

// run runs a command line.
func run(args ...string) (code int, stdout, stderr string) {
	var out, err lockedBuffer
	code = Main(args, &out, &err)
	return code, out.String(), err.String()
}

// lockedBuffer may be read while a command writes.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
