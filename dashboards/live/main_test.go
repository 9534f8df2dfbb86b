package live

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/deploy/migrate"
)

// shared is an engine with our tables, nil where there is no library.
var shared *engine.Engine

// TestMain is also the engine's child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "engine-child" {
		if err := engine.RunChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(withEngine(m))
}

func withEngine(m *testing.M) int {
	library, err := libchdb.Find()
	if err != nil {
		if os.Getenv("REQUIRE_CLIENTS") == "1" {
			fmt.Println(err)
			return 1
		}
		fmt.Println("skipping the tests that need the engine:", err)
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "live-*")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	shared, err = engine.Start(ctx, engine.Config{LibPath: library, DataDir: dir, MaxMemory: 1 << 30, Command: []string{"engine-child"}, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		defer shared.Stop(context.Background())
		_, err = migrate.Apply(ctx, shared.DSN(), migrate.Options{})
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return m.Run()
}

// readerAs is a reader of the shared engine for a user: reader, or default, who may write.
func readerAs(t *testing.T, user string) *reader {
	t.Helper()
	if shared == nil {
		t.Skip("no engine library")
	}
	u := url.URL{Scheme: "http", Host: shared.Addr(), Path: "/throughline", User: url.User(user)}
	options, err := clickhouse.ParseDSN(u.String())
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(options)
	t.Cleanup(r.close)
	return r
}
