package spool

import (
	"cmp"
	"context"
	"fmt"
	"os"
)

// Limits of what one call of send is given.
const (
	sendRecords = 500
	sendBytes   = 1 << 20
)

// Drain gives every record to send, oldest first and in order, until the spool is empty. Records are valid only until
// send returns. It ends with the error of send, of ctx or of the disk; what was sent before is not given again, unless
// the process dies first. Records appended meanwhile are drained too. One Drain runs at a time.
func (s *Spool) Drain(ctx context.Context, send func(ctx context.Context, records [][]byte) error) error {
	s.draining.Lock()
	defer s.draining.Unlock()
	for {
		g, err := s.oldest()
		if err != nil || g == nil {
			return err
		}
		if err := s.drainSegment(ctx, g, send); err != nil {
			return err
		}
	}
}

// oldest gives the oldest segment, sealed; nil when there is none.
func (s *Spool) oldest() (*segment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.mu.writing {
		s.mu.ended.Wait()
	}
	if s.mu.closed {
		return nil, ErrClosed
	}
	if len(s.mu.segments) == 0 {
		return nil, nil
	}
	if s.mu.segments[0] == s.mu.active {
		s.seal()
	}
	return s.mu.segments[0], nil
}

func (s *Spool) drainSegment(ctx context.Context, g *segment, send func(context.Context, [][]byte) error) error {
	data, err := os.ReadFile(s.path(g.number, segmentSuffix))
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	done, err := s.loadProgress()
	if err != nil {
		return err
	}
	data = data[:min(len(data), int(g.size))] // a failed write may have left something behind
	frames, damaged, tail := scan(data, done.start(g.number, data))
	if damaged+tail > 0 || int64(len(data)) < g.size {
		return s.repair(g, frames, damaged+tail)
	}
	var unkept error
	for len(frames) > 0 {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("spool: %w", err)
		}
		records, n := chunk(frames)
		if err := send(ctx, records); err != nil {
			return err
		}
		s.metrics.drained.Add(float64(n))
		// A disk that is full gets room only by draining: that it cannot keep the progress must not end it.
		unkept = cmp.Or(unkept, s.advance(g, frames, n))
		frames = frames[n:]
	}
	if unkept != nil {
		s.log.Warn("spool: progress not kept, after a crash records would be sent twice", "error", unkept)
	}
	return s.drop(g, remove(s.path(g.number, segmentSuffix)))
}

// chunk gives the records of the first n frames, as many as one call of send takes.
func chunk(frames []frame) (records [][]byte, n int) {
	size := 0
	for _, f := range frames {
		if n > 0 && (n == sendRecords || size+len(f.record) > sendBytes) {
			break
		}
		records, size, n = append(records, f.record), size+len(f.record), n+1
	}
	return records, n
}

// advance remembers that the first n frames were sent.
func (s *Spool) advance(g *segment, frames []frame, n int) error {
	if n == len(frames) {
		return nil // the whole segment goes
	}
	s.mu.Lock()
	g.oldest = frames[n].at
	s.mu.Unlock()
	return s.saveProgress(progress{number: g.number, offset: int64(frames[n].offset)})
}

// drop takes the oldest segment off the list, unless it is still on disk.
func (s *Spool) drop(g *segment, err error) error {
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.segments = s.mu.segments[1:]
	s.mu.used -= g.size
	return nil
}

// repair sets a segment aside that was damaged after Open, and puts its intact records in its place.
func (s *Spool) repair(g *segment, frames []frame, lost int) error {
	s.metrics.quarantined.Inc()
	s.log.Error("spool: segment is damaged and set aside, intact records are kept",
		"segment", s.path(g.number, corruptSuffix), "lost_bytes", lost, "kept_records", len(frames))
	size, err := s.replace(g.number, frames)
	if err != nil {
		return fmt.Errorf("spool: set a damaged segment aside: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.used += size - g.size
	g.size = size
	return nil
}
