package store

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	tables "github.com/throughline/throughline/schemas/clickhouse"
)

const childArgument = "engine-child"

// TestMain is the engine's child process when it is called as such.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		if err := engine.RunChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	stopEngine()
	os.Exit(code)
}

var shared struct {
	sync.Mutex
	engine *engine.Engine
	dir    string
}

func stopEngine() {
	if shared.engine != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = shared.engine.Stop(ctx)
		_ = os.RemoveAll(shared.dir)
	}
}

// runEngine gives the engine that all tests share; it skips the test where there is no engine library.
func runEngine(t testing.TB) *engine.Engine {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.engine != nil {
		return shared.engine
	}
	lib, err := libchdb.Find()
	if err != nil {
		t.Skipf("no ClickHouse engine, run make libchdb: %v", err)
	}
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	e, err := engine.Start(ctx, engine.Config{LibPath: lib, DataDir: dir, Command: []string{childArgument}})
	if err != nil {
		t.Fatal(err)
	}
	shared.engine, shared.dir = e, dir
	return e
}

// openDatabase gives a migrated database of the test's own, and a connection to it.
func openDatabase(t testing.TB, change func(*Config)) (*Store, driver.Conn) {
	t.Helper()
	e := runEngine(t)
	name := strings.NewReplacer("/", "_", "-", "_").Replace(strings.ToLower(t.Name()))
	admin := connect(t, e.DSN())
	if err := admin.Exec(t.Context(), "DROP DATABASE IF EXISTS "+quoteName(name)); err != nil {
		t.Fatal(err)
	}
	if _, err := tables.Apply(t.Context(), admin, tables.Form{Database: name}); err != nil {
		t.Fatal(err)
	}
	dsn := "http://" + e.Addr() + "/" + name
	cfg := Config{DSN: dsn, RetryFrom: time.Millisecond, RetryTo: 20 * time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	s, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Close()
		_ = admin.Exec(context.Background(), "DROP DATABASE "+quoteName(name))
	})
	return s, connect(t, dsn)
}

func connect(t testing.TB, dsn string) driver.Conn {
	t.Helper()
	opts, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// one reads a single value.
func one[T any](t testing.TB, conn driver.Conn, query string) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}
