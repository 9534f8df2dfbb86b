package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// recover lists the segments and repairs them.
func (s *Spool) recover() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	numbers, err := s.numbers(entries)
	if err != nil {
		return err
	}
	done, err := s.loadProgress()
	if err != nil {
		return err
	}
	// Above everything there was, or an old progress would hide new records.
	s.mu.next = max(s.mu.next, done.number+1)
	for i, number := range numbers {
		if err := s.recoverSegment(number, done, i == len(numbers)-1); err != nil {
			return err
		}
	}
	return nil
}

// numbers gives the numbers of all segments in order, and ends a repair that a crash interrupted.
func (s *Spool) numbers(entries []fs.DirEntry) (numbers []uint64, err error) {
	for _, e := range entries {
		for _, suffix := range []string{segmentSuffix, corruptSuffix, salvageSuffix} {
			number, ok := parseName(e.Name(), suffix)
			if !ok {
				continue
			}
			s.mu.next = max(s.mu.next, number+1)
			if suffix == salvageSuffix {
				ok, err = s.adopt(number)
			}
			if err != nil {
				return nil, err
			}
			if ok && suffix != corruptSuffix && !slices.Contains(numbers, number) {
				numbers = append(numbers, number)
			}
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// adopt makes saved records a segment again. It is false when the damaged segment is still there to repair.
func (s *Spool) adopt(number uint64) (bool, error) {
	salvage, target := s.path(number, salvageSuffix), s.path(number, segmentSuffix)
	if _, err := os.Stat(target); err == nil {
		return false, remove(salvage)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("spool: %w", err)
	}
	if err := os.Rename(salvage, target); err != nil {
		return false, fmt.Errorf("spool: %w", err)
	}
	return true, syncFolder(s.dir)
}

// recoverSegment checks one segment and takes it into the list. Only the newest may have a torn tail: older ones were
// whole on disk before the next was begun.
func (s *Spool) recoverSegment(number uint64, done progress, newest bool) error {
	path := s.path(number, segmentSuffix)
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	start := done.start(number, data)
	frames, damaged, tail := scan(data, start)
	switch {
	case damaged > 0 || tail > 0 && !newest:
		return s.quarantine(number, frames, damaged+tail)
	case len(frames) == 0:
		if tail > 0 {
			s.log.Warn("spool: cut off a torn tail", "segment", path, "bytes", tail)
		}
		return remove(path) // nothing, or nothing but what was drained
	case tail > 0:
		s.log.Warn("spool: cut off a torn tail", "segment", path, "bytes", tail)
		if err := truncate(path, int64(len(data)-tail)); err != nil {
			return fmt.Errorf("spool: cut off a torn tail: %w", err)
		}
	}
	s.keep(&segment{number: number, size: int64(len(data) - tail), oldest: frames[0].at})
	return nil
}

func (s *Spool) keep(g *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.segments = append(s.mu.segments, g)
	s.mu.used += g.size
}

// quarantine sets a damaged segment aside for a person to look at, and makes its intact frames a new segment with
// the same number.
func (s *Spool) quarantine(number uint64, frames []frame, lost int) error {
	s.metrics.quarantined.Inc()
	s.log.Error("spool: segment is damaged and set aside, intact records are kept",
		"segment", s.path(number, corruptSuffix), "lost_bytes", lost, "kept_records", len(frames))
	size, err := s.replace(number, frames)
	if err != nil {
		return fmt.Errorf("spool: set a damaged segment aside: %w", err)
	}
	if size == 0 {
		return remove(s.path(number, segmentSuffix))
	}
	s.keep(&segment{number: number, size: size, oldest: frames[0].at})
	return nil
}

// replace exchanges a damaged segment for one of its intact frames, in an order that loses none of them to a crash.
func (s *Spool) replace(number uint64, frames []frame) (size int64, err error) {
	var buf []byte
	for _, f := range frames {
		buf = appendFrame(buf, f.record, f.at)
	}
	if err := writeSynced(s.path(number, salvageSuffix), buf); err != nil {
		return 0, err
	}
	// Offsets change, so an old progress must be gone before the new file is there.
	if err := s.saveProgress(progress{number: number}); err != nil {
		return 0, err
	}
	if err := syncFolder(s.dir); err != nil {
		return 0, err
	}
	if err := os.Rename(s.path(number, segmentSuffix), s.path(number, corruptSuffix)); err != nil {
		return 0, err
	}
	if err := os.Rename(s.path(number, salvageSuffix), s.path(number, segmentSuffix)); err != nil {
		return 0, err
	}
	return int64(len(buf)), syncFolder(s.dir)
}

func writeSynced(path string, buf []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(buf)
	return errors.Join(err, f.Sync(), f.Close())
}

// truncate is synced, for the tail must not come back when the segment is no longer the newest.
func truncate(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}
