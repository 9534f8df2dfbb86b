// Package spool takes records while the broker is away and gives them back, oldest first, once it is there again.
//
// Records are opaque bytes in append-only segment files. Append returns when they are on disk; callers that come
// together share one sync. A record is given back at least once: after a crash some may come a second time.
package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"
)

// Errors of Append; test with errors.Is.
var (
	// ErrFull means that the records do not fit, within the limit or on the disk; none of them was kept.
	ErrFull = errors.New("spool: full")
	// ErrClosed means that Close was called.
	ErrClosed = errors.New("spool: closed")
)

// defaultSegmentBytes bounds a segment, which is read whole when it is drained.
const defaultSegmentBytes = 8 << 20

// Spool is a bounded queue of records in one folder. It is safe for concurrent use, by one process at a time.
type Spool struct {
	dir          string
	maxBytes     int64
	segmentBytes int64
	log          *slog.Logger
	metrics      *metrics
	lock         *os.File
	draining     sync.Mutex // held by Drain

	mu struct {
		sync.Mutex
		ended    *sync.Cond // a write has ended
		segments []*segment // oldest first
		active   *segment   // the last of segments while it is appended to
		next     uint64     // number of the next segment
		used     int64      // bytes of all segments, and of records on their way to disk
		group    *group     // gathers while a write runs
		writing  bool
		closed   bool
	}
}

// group is the frames of all callers that share one sync.
type group struct {
	buf   []byte
	count int
	first time.Time
	done  bool
	err   error
}

// Option of Open.
type Option func(*Spool)

// WithLog sets where damage is reported.
func WithLog(log *slog.Logger) Option { return func(s *Spool) { s.log = log } }

// withSegmentBytes makes small segments for tests.
func withSegmentBytes(n int64) Option { return func(s *Spool) { s.segmentBytes = n } }

// Open opens the spool in dir, which is created when missing, and repairs what a crash or a bad disk left: a torn
// tail is cut off; a segment that is damaged elsewhere is set aside as *.corrupt, and its intact records stay.
// maxBytes bounds the files together, without those set aside.
func Open(dir string, maxBytes int64, options ...Option) (*Spool, error) {
	if maxBytes <= 0 {
		return nil, fmt.Errorf("spool: limit of %d bytes", maxBytes)
	}
	s := &Spool{dir: dir, maxBytes: maxBytes, segmentBytes: defaultSegmentBytes}
	s.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	s.mu.ended = sync.NewCond(&s.mu.Mutex)
	s.metrics = newMetrics()
	for _, o := range options {
		o(s)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	lock, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("spool: %s is in use: %w", dir, err), lock.Close())
	}
	s.lock = lock
	if err := s.recover(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

// Append keeps records, all or none. It returns nil when they are on disk, ErrFull when they do not fit. An ended ctx
// is noticed before anything is written, not while the disk works. The records may be used again afterwards.
func (s *Spool) Append(ctx context.Context, records [][]byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	var cost int64
	for _, r := range records {
		if len(r) > MaxRecord {
			return fmt.Errorf("spool: a record of %d bytes, at most %d", len(r), MaxRecord)
		}
		cost += frameHeader + int64(len(r))
	}
	if cost == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.mu.closed:
		return ErrClosed
	case s.mu.used+cost > s.maxBytes:
		s.metrics.full.Inc()
		return ErrFull
	}
	s.mu.used += cost
	g := s.join(records)
	for !g.done {
		if s.mu.writing {
			s.mu.ended.Wait()
		} else {
			s.lead()
		}
	}
	return g.err
}

// join adds records to the group that is written next. The caller holds mu.
func (s *Spool) join(records [][]byte) *group {
	if s.mu.group == nil {
		s.mu.group = &group{first: time.Now()}
	}
	g := s.mu.group
	now := time.Now()
	for _, r := range records {
		g.buf = appendFrame(g.buf, r, now)
	}
	g.count += len(records)
	return g
}

// lead writes the group for everyone in it. The caller holds mu, which is released while the disk works.
func (s *Spool) lead() {
	g := s.mu.group
	s.mu.group, s.mu.writing = nil, true
	active, number := s.mu.active, s.mu.next
	s.mu.Unlock()
	var err error
	fresh := active == nil
	if fresh {
		active, err = s.create(number)
	}
	if err == nil {
		err = active.write(g.buf)
	}
	s.mu.Lock()
	s.mu.writing = false
	if fresh {
		s.mu.next++
	}
	if fresh && active != nil {
		s.mu.active, s.mu.segments = active, append(s.mu.segments, active)
	}
	s.settle(g, active, err)
	s.mu.ended.Broadcast()
}

// settle accounts for a written group, and starts a new segment when this one is full or failed.
func (s *Spool) settle(g *group, active *segment, err error) {
	g.done = true
	if err != nil {
		if errors.Is(err, syscall.ENOSPC) {
			err = fmt.Errorf("%w: %w", ErrFull, err)
		}
		g.err = err
		s.mu.used -= int64(len(g.buf))
		s.log.Error("spool: records not kept", "records", g.count, "error", err)
		s.seal()
		return
	}
	if active.oldest.IsZero() {
		active.oldest = g.first
	}
	active.size += int64(len(g.buf))
	s.metrics.appended.Add(float64(g.count))
	if active.size >= s.segmentBytes {
		s.seal()
	}
}

// seal ends appending to the active segment. The caller holds mu, and nobody writes.
func (s *Spool) seal() {
	if s.mu.active == nil {
		return
	}
	if err := s.mu.active.file.Close(); err != nil {
		s.log.Warn("spool: close a segment", "error", err) // all of it was synced
	}
	s.mu.active.file, s.mu.active = nil, nil
}

// Stats gives the bytes on disk and the time of the oldest record, zero when there is none.
func (s *Spool) Stats() (bytes int64, oldest time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.mu.segments {
		if !g.oldest.IsZero() {
			return s.mu.used, g.oldest
		}
	}
	return s.mu.used, time.Time{}
}

// Close lets go of the folder. Records stay for the next Open. Drain must have ended.
func (s *Spool) Close() error {
	s.draining.Lock()
	defer s.draining.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.closed {
		return nil
	}
	s.mu.closed = true
	for s.mu.writing || s.mu.group != nil {
		s.mu.ended.Wait()
	}
	s.seal()
	if err := s.lock.Close(); err != nil {
		return fmt.Errorf("spool: close: %w", err)
	}
	return nil
}
