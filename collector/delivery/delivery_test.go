package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/collector/publish"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// broker is a producer whose answer is set by the test.
type broker struct {
	mu     sync.Mutex
	err    error
	refuse string // value that is never taken
	got    []Record
	closed bool
}

func (b *broker) Start(context.Context) error { return nil }
func (b *broker) Partitions() int             { return 4 }

func (b *broker) Available() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err == nil
}

func (b *broker) Publish(_ context.Context, records []Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	for _, r := range records {
		if b.refuse != "" && string(r.Value) == b.refuse {
			return fmt.Errorf("too odd: %w", publish.ErrRefused)
		}
	}
	for _, r := range records {
		b.got = append(b.got, Record{Partition: r.Partition, Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)})
	}
	return nil
}

func (b *broker) Close(context.Context) error {
	b.closed = true
	return nil
}

func (b *broker) set(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *broker) records() []Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.got
}

// shelf is a spool in memory.
type shelf struct {
	mu     sync.Mutex
	frames [][]byte
	full   error
}

func (s *shelf) Append(_ context.Context, frames [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full != nil {
		return s.full
	}
	for _, f := range frames {
		s.frames = append(s.frames, bytes.Clone(f))
	}
	return nil
}

func (s *shelf) Drain(ctx context.Context, send func(context.Context, [][]byte) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := send(ctx, s.frames); err != nil {
		return err
	}
	s.frames = nil
	return nil
}

func (s *shelf) Stats() (int64, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.frames)), time.Unix(1, 0)
}

type bench struct {
	*Delivery
	touchpoints, rejected broker
	shelf                 shelf
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{}
	b.Delivery = New(Deps{Logger: slog.New(slog.DiscardHandler), Touchpoints: &b.touchpoints, Rejected: &b.rejected, Spool: &b.shelf})
	b.pause = time.Millisecond
	return b
}

func (b *bench) start(t *testing.T) {
	t.Helper()
	b.Start(t.Context())
	t.Cleanup(func() {
		if err := b.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	wait(t, func() bool { return b.lines[0].started.Load() && b.lines[1].started.Load() })
}

func wait(t *testing.T, done func() bool) {
	t.Helper()
	for start := time.Now(); !done(); time.Sleep(time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatal("waited in vain")
		}
	}
}

func touch(bucket uint16, value string) Record {
	return Record{Key: []byte{byte(bucket >> 8), byte(bucket)}, Value: []byte(value)}
}

func TestPartitions(t *testing.T) {
	b := newBench(t)
	b.start(t)
	ctx := t.Context()
	if err := b.Touchpoints(ctx, []Record{touch(1023, "a"), touch(5, "b")}); err != nil {
		t.Fatal(err)
	}
	if got := b.touchpoints.records(); got[0].Partition != 3 || got[1].Partition != 1 {
		t.Errorf("partitions %d and %d", got[0].Partition, got[1].Partition)
	}
	if err := b.Rejected(ctx, []Record{{Value: []byte("a")}, {Value: []byte("b")}}); err != nil {
		t.Fatal(err)
	}
	if got := b.rejected.records(); got[0].Partition == got[1].Partition {
		t.Errorf("both in partition %d", got[0].Partition)
	}
}

func TestErrors(t *testing.T) {
	full := errors.New("full")
	for _, tt := range []struct {
		kafka, spool, want error
		kept               int64
	}{
		{nil, nil, nil, 0},
		{publish.ErrUnavailable, nil, nil, 1},
		{publish.ErrClosed, nil, nil, 1},
		{publish.ErrUnavailable, full, full, 0},
		{publish.ErrOverloaded, nil, ErrOverloaded, 0},
		{publish.ErrRefused, nil, publish.ErrRefused, 0},
	} {
		b := newBench(t)
		b.lines[laneTouchpoints].started.Store(true)
		b.touchpoints.err, b.shelf.full = tt.kafka, tt.spool
		err := b.Touchpoints(t.Context(), []Record{touch(1, "a")})
		if !errors.Is(err, tt.want) {
			t.Errorf("kafka %v, spool %v: %v", tt.kafka, tt.spool, err)
		}
		if kept, _ := b.shelf.Stats(); kept != tt.kept {
			t.Errorf("kafka %v: %d kept", tt.kafka, kept)
		}
	}
}

func TestSpoolThenDrain(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	// Nothing is started: the broker has not been found yet.
	for i := range 3 {
		if err := b.Touchpoints(ctx, []Record{touch(uint16(i), fmt.Sprint("t", i))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Rejected(ctx, []Record{{Value: []byte("r")}}); err != nil {
		t.Fatal(err)
	}
	b.touchpoints.set(publish.ErrUnavailable)
	b.start(t)
	if err := b.Touchpoints(ctx, []Record{touch(9, "t3")}); err != nil {
		t.Fatal(err)
	}
	b.touchpoints.set(nil)
	wait(t, func() bool { n, _ := b.shelf.Stats(); return n == 0 })
	got := b.touchpoints.records()
	if len(got) != 4 || len(b.rejected.records()) != 1 {
		t.Fatalf("%d and %d records", len(got), len(b.rejected.records()))
	}
	for i, r := range got {
		if string(r.Value) != fmt.Sprint("t", i) || len(r.Key) != 2 {
			t.Errorf("record %d is %q", i, r.Value)
		}
	}
	if b.away.Load() {
		wait(t, func() bool { return !b.away.Load() })
	}
}

func TestPoisonInSpool(t *testing.T) {
	b := newBench(t)
	good := appendFrame(nil, laneTouchpoints, touch(1, "good"))
	bad := appendFrame(nil, laneTouchpoints, touch(2, "bad"))
	b.shelf.frames = [][]byte{good, bad, []byte("\x09nonsense"), good}
	b.touchpoints.refuse = "bad"
	b.start(t)
	wait(t, func() bool { n, _ := b.shelf.Stats(); return n == 0 })
	if got := b.touchpoints.records(); len(got) != 2 {
		t.Errorf("%d touchpoints", len(got))
	}
	letters := make(map[string]string)
	for _, r := range b.rejected.records() {
		var record touchpoint.Record
		if err := record.UnmarshalVT(r.Value); err != nil {
			t.Fatal(err)
		}
		letters[record.GetRejection().Reason] = string(record.GetRejection().Raw)
	}
	if letters[reasonFrame] != "\x09nonsense" || letters[reasonRefused] != "bad" {
		t.Errorf("dead letters %q", letters)
	}
}

func TestStopCloses(t *testing.T) {
	b := newBench(t)
	b.Start(t.Context())
	wait(t, func() bool { return b.lines[0].started.Load() && b.lines[1].started.Load() })
	if err := b.Stop(t.Context()); err != nil || !b.touchpoints.closed || !b.rejected.closed {
		t.Error(err, b.touchpoints.closed, b.rejected.closed)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(appendFrame(nil, laneTouchpoints, touch(77, "value")))
	f.Add(appendFrame(nil, laneRejected, Record{}))
	f.Add([]byte{1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		to, record, err := parseFrame(b)
		if err != nil {
			return
		}
		again, back, err := parseFrame(appendFrame(nil, to, record))
		if err != nil || again != to || !bytes.Equal(back.Key, record.Key) || !bytes.Equal(back.Value, record.Value) {
			t.Errorf("%x came back as %v %v, %v", b, again, back, err)
		}
	})
}
