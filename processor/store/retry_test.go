package store

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Class
	}{
		{io.ErrUnexpectedEOF, Retry},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, Retry},
		{context.DeadlineExceeded, Retry},
		{&clickhouse.Exception{Code: 252, Message: "too many parts"}, Retry},
		{&clickhouse.Exception{Code: 241, Message: "memory"}, Retry},
		{&clickhouse.Exception{Code: 242, Message: "readonly table"}, Retry},
		{&clickhouse.HTTPError{StatusCode: 503, Err: errors.New("busy")}, Retry},
		{&clickhouse.HTTPError{StatusCode: 500, Err: &clickhouse.Exception{Code: 469}}, Reject},
		{&clickhouse.Exception{Code: 60}, Fatal},
		{&clickhouse.Exception{Code: 516}, Fatal},
		{&RejectedError{Rows: []Poison{{Err: io.EOF}}}, Reject},
		{explain(&clickhouse.Exception{Code: 81}), Fatal},
	} {
		if got := Classify(c.err); got != c.want {
			t.Errorf("%v is %s, want %s", c.err, got, c.want)
		}
	}
}

// flaky fails the first n INSERTs after the server has taken them, as a lost answer does.
func (w *writer) flaky(n int64) *atomic.Int64 {
	var calls atomic.Int64
	send := w.send
	w.send = func(ctx context.Context, statement string, b outgoing) error {
		if err := send(ctx, statement, b); err != nil {
			return err
		}
		if calls.Add(1) <= n {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	return &calls
}

func TestLostAnswersAreRepeatedAndCountOnce(t *testing.T) {
	s, conn := openDatabase(t, nil)
	calls := s.touchpoints.flaky(5)
	b := oddBatch(100)
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if calls.Load() != 11 {
		t.Errorf("%d inserts, want 11", calls.Load())
	}
	compareTable(t, conn, TableTouchpoints, touchpointColumns(), b.Touchpoints)
	compareTable(t, conn, TableJourneys, journeyColumns(), pointers(b.Journeys))
	m := s.touchpoints.metrics
	if n := counted(t, m.errors.WithLabelValues(TableTouchpoints, string(Retry))); n != 5 {
		t.Errorf("%v retries of touchpoints counted, want 5", n)
	}
	if n := counted(t, m.rows.WithLabelValues(TableTouchpoints)); n != 100 {
		t.Errorf("%v rows of touchpoints counted, want 100", n)
	}
}

func counted(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

func TestWriteGivesUpWhenTheContextEnds(t *testing.T) {
	cfg := Config{DSN: "http://127.0.0.1:1/throughline", RetryFrom: time.Millisecond, RetryTo: time.Millisecond}
	s, err := New(cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = s.Write(ctx, oddBatch(3))
	if !errors.Is(err, context.DeadlineExceeded) || Classify(err) != Retry {
		t.Errorf("class %s of %v", Classify(err), err)
	}
}

func TestWriteOutlivesAKilledEngine(t *testing.T) {
	s, conn := openDatabase(t, func(c *Config) { c.RetryTo = 200 * time.Millisecond })
	b := oddBatch(200)
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(shared.engine.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Write(ctx, b); err != nil {
		t.Fatal(err)
	}
	compareTable(t, conn, TableTouchpoints, touchpointColumns(), b.Touchpoints)
	compareTable(t, conn, TableTransitions, transitionColumns(), pointers(b.Transitions))
}

func TestConfigurationErrorsSayWhatToDo(t *testing.T) {
	for _, dsn := range []string{"", "ftp://x", "http://%zz"} {
		if _, err := New(Config{DSN: dsn}, slog.New(slog.DiscardHandler), nil); err == nil {
			t.Errorf("DSN %q was taken", dsn)
		}
	}
}
