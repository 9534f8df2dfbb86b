package harness

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/throughline/throughline/deploy/embedded/broker"
	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/deploy/migrate"
	"github.com/throughline/throughline/tests/ports"
)

// Services is the pipeline in parts that can be stopped one by one: collector and processors are processes, broker
// and engine are the test's own. The test binary must run engine.RunChild when its first argument is EngineArgument.
type Services struct {
	*Pipeline
	Collector *Process
	broker    *broker.Broker
	engine    *engine.Engine
	// Settings of the engine's server and sessions.
	settings map[string]string
}

// EngineArgument leads a test binary to the engine.
const EngineArgument = "harness-engine"

// NewServices starts broker, engine and a collector; processors are started by the test.
func NewServices(t testing.TB, sites string, variables ...string) *Services {
	t.Helper()
	s := newServices(t, sites, variables)
	s.StartBroker(t)
	s.startRest(t)
	return s
}

func newServices(t testing.TB, sites string, variables []string) *Services {
	t.Helper()
	return &Services{Pipeline: New(t, sites, append(variables, "COLLECTOR_SPOOL_DIR="+filepath.Join(t.TempDir(), "spool"))...)}
}

// startRest starts what comes after the broker.
func (s *Services) startRest(t testing.TB) {
	t.Helper()
	s.StartEngine(t)
	_, err := migrate.Apply(t.Context(), s.engine.DSN(), migrate.Options{})
	must(t, err)
	s.StartCollector(t)
	t.Cleanup(func() {
		s.Collector.Kill()
		s.StopEngine(t)
		s.StopBroker(t)
	})
}

// StartBroker starts the broker on its folder and address.
func (s *Services) StartBroker(t testing.TB) {
	t.Helper()
	b, err := broker.New(broker.Config{DataDir: filepath.Join(s.Dir, "kafka"), Listen: s.Kafka}, slog.New(slog.DiscardHandler))
	must(t, err)
	must(t, b.Start(t.Context()))
	s.broker = b
}

// StopBroker takes Kafka away.
func (s *Services) StopBroker(t testing.TB) {
	t.Helper()
	if s.broker != nil {
		must(t, s.broker.Stop())
		s.broker = nil
	}
}

// StartEngine starts ClickHouse on its folder and address.
func (s *Services) StartEngine(t testing.TB) {
	t.Helper()
	lib, err := libchdb.Find()
	must(t, err)
	s.engine, err = engine.Start(t.Context(), engine.Config{
		LibPath: lib, DataDir: filepath.Join(s.Dir, "clickhouse"), Listen: s.ClickHouse, Command: []string{EngineArgument},
		Settings: s.settings,
	})
	must(t, err)
}

// StopEngine takes ClickHouse away.
func (s *Services) StopEngine(t testing.TB) {
	t.Helper()
	if s.engine == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	must(t, s.engine.Stop(ctx))
	s.engine = nil
}

// StartCollector starts the collector and waits until it is ready.
func (s *Services) StartCollector(t testing.TB) {
	t.Helper()
	s.Collector = launch(t, s.logFile, s.env, "collector")
	s.process = s.Collector
	s.WaitReady(t)
}

// StateDir is the state folder of a processor.
func (s *Services) StateDir(number int) string {
	return filepath.Join(s.Dir, fmt.Sprint("state", number))
}

// StartProcessor starts a processor with a state folder of its own.
func (s *Services) StartProcessor(t testing.TB, number int) *Process {
	t.Helper()
	env := append(append([]string{}, s.env...),
		"THROUGHLINE_PROCESSOR_STATE_DIR="+s.StateDir(number), "THROUGHLINE_PROCESSOR_ADMIN_LISTEN="+ports.For(t),
		"THROUGHLINE_PROCESSOR_SESSION_TIMEOUT=6s")
	return launch(t, s.logFile, env, "processor")
}
