package store

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestServerTellsOfItself(t *testing.T) {
	s, _ := openDatabase(t, nil)
	if err := s.Write(t.Context(), oddBatch(300)); err != nil {
		t.Fatal(err)
	}
	v, err := s.Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var touchpoints *TableSize
	for i := range v.Tables {
		if v.Tables[i].Name == TableTouchpoints {
			touchpoints = &v.Tables[i]
		}
	}
	switch {
	case touchpoints == nil || touchpoints.Rows < 300 || touchpoints.Bytes == 0:
		t.Errorf("tables %+v", v.Tables)
	case touchpoints.PartitionParts < 1 || touchpoints.PartitionParts > touchpoints.Parts:
		t.Errorf("%d parts in a partition of %d", touchpoints.PartitionParts, touchpoints.Parts)
	case len(v.Disks) == 0 || v.Disks[0].Free == 0 || v.Disks[0].Free > v.Disks[0].Size:
		t.Errorf("disks %+v", v.Disks)
	case v.Queries < 1 || v.MemoryBytes == 0:
		t.Errorf("%d queries, %d bytes", v.Queries, v.MemoryBytes)
	}
}

func TestWatchSaysWhetherTheServerIsThere(t *testing.T) {
	s, _ := openDatabase(t, nil)
	if err := s.Write(t.Context(), oddBatch(10)); err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(&s.watch)
	if n, err := testutil.GatherAndCount(reg); err != nil || n != 0 {
		t.Errorf("before the first answer: %d series, %v", n, err)
	}
	s.look(t.Context(), time.Minute, "")
	up := func(want string) {
		t.Helper()
		text := "# HELP throughline_clickhouse_up 1 when ClickHouse answers.\n# TYPE throughline_clickhouse_up gauge\nthroughline_clickhouse_up " + want + "\n"
		if err := testutil.GatherAndCompare(reg, strings.NewReader(text), "throughline_clickhouse_up"); err != nil {
			t.Error(err)
		}
	}
	up("1")
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	if n, _ := testutil.GatherAndCount(reg, "throughline_clickhouse_active_parts"); n < 6 {
		t.Errorf("%d tables with parts", n)
	}
	away, err := New(Config{DSN: "http://127.0.0.1:1/nowhere"}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer away.Close()
	s.conn = away.conn
	if said := s.look(t.Context(), time.Minute, ""); said == "" {
		t.Error("no trouble with a server that is not there")
	}
	up("0")
	if n, _ := testutil.GatherAndCount(reg); n != 1 {
		t.Errorf("%d series of a server that does not answer", n)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	away, err := New(Config{DSN: "http://127.0.0.1:1/nowhere"}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer away.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); away.Watch(ctx, time.Millisecond) }()
	for away.watch.last.Load() == nil {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-done
	if away.watch.last.Load() != nil {
		t.Error("metrics of a server that nobody asks any more")
	}
}
