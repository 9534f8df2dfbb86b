package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
)

// library is the engine's library, "" where there is none.
var library string

// shared is an engine that all tests use which do not stop it. Its data folder is the test run's.
var shared *engine.Engine

var sharedDir string

// TestMain is also the engine's child, and a parent that a test kills.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "engine-child":
		exit(engine.RunChild(context.Background()))
	case len(os.Args) > 1 && os.Args[1] == "engine-parent":
		exit(parent())
	}
	os.Exit(run(m))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(m *testing.M) int {
	path, err := libchdb.Find()
	if err != nil {
		if os.Getenv("REQUIRE_CLIENTS") == "1" {
			fmt.Println(err)
			return 1
		}
		fmt.Println("skipping the tests that need the engine:", err)
		return m.Run()
	}
	library = path
	dir, err := os.MkdirTemp("", "engine-*")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	sharedDir = dir
	if shared, err = start(config(dir)); err != nil {
		fmt.Println(err)
		return 1
	}
	return max(m.Run(), stop(shared))
}

// config is that of an engine for tests.
func config(dir string) engine.Config {
	level := slog.LevelWarn
	if testing.Testing() && os.Getenv("ENGINE_LOG") != "" {
		level = slog.LevelDebug
	}
	return engine.Config{
		LibPath: library, DataDir: dir, Listen: "127.0.0.1:0", ReaderListen: "127.0.0.1:0",
		MaxMemory: 1500 << 20, ReaderTimeout: 2 * time.Second, Command: []string{"engine-child"},
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
}

func start(cfg engine.Config) (*engine.Engine, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return engine.Start(ctx, cfg)
}

// stop stops an engine and tells whether it went wrong, as an exit code.
func stop(e *engine.Engine) int {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := e.Stop(ctx); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// parent runs an engine until it is killed, and prints the child's process id and address.
func parent() error {
	library = os.Args[3]
	e, err := start(config(os.Args[2]))
	if err != nil {
		return err
	}
	fmt.Println(e.Pid(), e.Addr())
	select {}
}

// need skips a test that cannot run without the library.
func need(t testing.TB) {
	t.Helper()
	if library == "" {
		t.Skip("no engine library")
	}
}
