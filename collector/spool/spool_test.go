package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func open(t testing.TB, dir string, maxBytes int64, options ...Option) *Spool {
	t.Helper()
	s, err := Open(dir, maxBytes, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func add(t testing.TB, s *Spool, values ...string) {
	t.Helper()
	var records [][]byte
	for _, v := range values {
		records = append(records, []byte(v))
	}
	if err := s.Append(t.Context(), records); err != nil {
		t.Fatal(err)
	}
}

func drain(t testing.TB, s *Spool) (values []string) {
	t.Helper()
	err := s.Drain(t.Context(), func(_ context.Context, records [][]byte) error {
		for _, r := range records {
			values = append(values, string(r))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func same(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("drained %q, want %q", got, want)
	}
}

func TestRecordsComeBackInOrderAfterReopening(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1<<20, withSegmentBytes(60))
	add(t, s, "a", "b")
	add(t, s, "c")
	add(t, s)
	add(t, s, "", "d")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, 1<<20)
	if used, oldest := s.Stats(); used != 5*frameHeader+4 || time.Since(oldest) > time.Minute {
		t.Errorf("%d bytes, oldest %v", used, oldest)
	}
	add(t, s, "e")
	same(t, drain(t, s), "a", "b", "c", "", "d", "e")
	if used, oldest := s.Stats(); used != 0 || !oldest.IsZero() {
		t.Errorf("empty, but %d bytes, oldest %v", used, oldest)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix)); len(files) != 0 {
		t.Errorf("left behind: %q", files)
	}
}

func TestFailedSendIsContinuedWhereItStopped(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1<<20)
	var values []string
	for i := range 3*sendRecords + 7 {
		values = append(values, fmt.Sprint(i))
	}
	add(t, s, values...)
	var got []string
	refused := errors.New("broker is away")
	take := func(calls int) func(context.Context, [][]byte) error {
		return func(_ context.Context, records [][]byte) error {
			if calls--; calls < 0 {
				return refused
			}
			for _, r := range records {
				got = append(got, string(r))
			}
			return nil
		}
	}
	if err := s.Drain(t.Context(), take(1)); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	if err := s.Drain(t.Context(), take(1)); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, 1<<20)
	if err := s.Drain(t.Context(), take(99)); err != nil {
		t.Fatal(err)
	}
	same(t, got, values...)
}

func TestNumbersAreNeverUsedTwice(t *testing.T) {
	// A progress of a segment that is gone must not hide records of a new one.
	dir := t.TempDir()
	s := open(t, dir, 1<<20)
	add(t, s, slices.Repeat([]string{"old"}, sendRecords+1)...)
	drain(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, 1<<20)
	add(t, s, slices.Repeat([]string{"new"}, sendRecords+1)...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := drain(t, open(t, dir, 1<<20)); len(got) != sendRecords+1 {
		t.Errorf("%d records", len(got))
	}
}

func TestFull(t *testing.T) {
	s := open(t, t.TempDir(), 100)
	add(t, s, strings.Repeat("x", 60))
	if err := s.Append(t.Context(), [][]byte{[]byte("y")}); !errors.Is(err, ErrFull) {
		t.Errorf("over the limit: %v", err)
	}
	same(t, drain(t, s), strings.Repeat("x", 60))
	add(t, s, strings.Repeat("z", 80))
	if err := s.Append(t.Context(), [][]byte{make([]byte, MaxRecord+1)}); err == nil {
		t.Error("took too large a record")
	}
}

func TestDiskFails(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1<<20)
	add(t, s, "a")
	// Writing through a handle that only reads stands for a disk that is full.
	readOnly, err := os.Open(s.path(s.mu.active.number, segmentSuffix))
	if err != nil {
		t.Fatal(err)
	}
	s.mu.active.file.Close()
	s.mu.active.file = readOnly
	used, _ := s.Stats()
	if err := s.Append(t.Context(), [][]byte{[]byte("b")}); err == nil {
		t.Error("kept a record that could not be written")
	}
	if after, _ := s.Stats(); after != used {
		t.Errorf("%d bytes used after a failure, %d before", after, used)
	}
	add(t, s, "c")
	same(t, drain(t, s), "a", "c")
}

func TestConcurrentAppendersShareSyncsAndDrainRunsBeside(t *testing.T) {
	s := open(t, t.TempDir(), 64<<20, withSegmentBytes(2000))
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 50 {
				add(t, s, fmt.Sprintf("%02d/%03d", w, i))
			}
		})
	}
	var got []string
	for len(got) < 400 {
		got = append(got, drain(t, s)...)
	}
	wg.Wait()
	got = append(got, drain(t, s)...)
	last := map[string]string{}
	for _, v := range got {
		if v <= last[v[:2]] {
			t.Errorf("%s after %s", v, last[v[:2]])
		}
		last[v[:2]] = v
	}
	if len(got) != 800 {
		t.Errorf("%d records, want 800", len(got))
	}
}

func TestClosed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1000)
	if _, err := Open(dir, 1000); err == nil {
		t.Error("opened a folder that is in use")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), [][]byte{{1}}); !errors.Is(err, ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if err := s.Drain(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("drain: %v", err)
	}
	if _, err := Open(dir, 0); err == nil {
		t.Error("took a limit of nothing")
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	open(t, t.TempDir(), 1000, WithMetrics(reg))
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 64} {
		for _, size := range []int{1, 100} {
			b.Run(fmt.Sprintf("%d-callers/%d-records", callers, size), func(b *testing.B) {
				s := open(b, b.TempDir(), 1<<40)
				records := slices.Repeat([][]byte{make([]byte, 300)}, size)
				var wg sync.WaitGroup
				b.ResetTimer()
				for w := range callers {
					wg.Go(func() {
						for range (b.N + callers - 1 - w) / callers {
							if err := s.Append(context.Background(), records); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "records/s")
			})
		}
	}
}

func BenchmarkDrain(b *testing.B) {
	s := open(b, b.TempDir(), 1<<40)
	records := slices.Repeat([][]byte{make([]byte, 300)}, 1000)
	for range b.N/1000 + 1 {
		if err := s.Append(context.Background(), records); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	if err := s.Drain(context.Background(), func(context.Context, [][]byte) error { return nil }); err != nil {
		b.Fatal(err)
	}
}

// TestDrainWithoutProgress: a disk with no room for the progress is drained all the same.
func TestDrainWithoutProgress(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1<<20)
	var want []string
	for i := range 2*sendRecords + 1 {
		want = append(want, fmt.Sprint("r", i))
	}
	add(t, s, want...)
	if err := os.Mkdir(filepath.Join(dir, progressName+".tmp"), 0o700); err != nil { // so it cannot be written
		t.Fatal(err)
	}
	same(t, drain(t, s), want...)
	if used, _ := s.Stats(); used != 0 {
		t.Errorf("%d bytes are left", used)
	}
}
