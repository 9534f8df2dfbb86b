// Package dashboards takes every panel's query and gives it to the engine, filled with a real data set and with a
// generated shop, and the dashboards' JSON to Grafana's own types.
package dashboards

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/deploy/migrate"
)

const engineArgument = "dashboards-engine"

// TestMain runs the tests, or the engine where a test has started this binary as its child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == engineArgument {
		if err := engine.RunChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// startEngine gives an engine with our tables and a reader's address, in a folder that goes with the test.
func startEngine(t testing.TB) *engine.Engine {
	t.Helper()
	return startEngineIn(t, t.TempDir())
}

func startEngineIn(t testing.TB, folder string) *engine.Engine {
	t.Helper()
	lib, err := libchdb.Find()
	if err != nil {
		if os.Getenv("REQUIRE_CLIENTS") == "1" {
			t.Fatal(err)
		}
		t.Skip("no engine library: ", err)
	}
	e, err := engine.Start(t.Context(), engine.Config{
		LibPath: lib, DataDir: folder, ReaderListen: "127.0.0.1:0", Command: []string{engineArgument},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := e.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	if _, err := migrate.Apply(t.Context(), e.DSN(), migrate.Options{}); err != nil {
		t.Fatal(err)
	}
	return e
}
