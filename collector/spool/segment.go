package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Names in the folder: a segment, one that was damaged, one that is being saved from damage, and the progress.
const (
	segmentSuffix = ".spool"
	corruptSuffix = ".corrupt"
	salvageSuffix = ".salvage"
	progressName  = "progress"
)

// segment is one file of frames. Numbers grow and are never used twice.
type segment struct {
	number uint64
	size   int64     // bytes that are durable
	oldest time.Time // of its first record that is not drained
	file   *os.File  // open only while records are appended
}

func (s *Spool) path(number uint64, suffix string) string {
	return filepath.Join(s.dir, fmt.Sprintf("%016x%s", number, suffix))
}

// parseName gives the number in a file name of the given suffix.
func parseName(name, suffix string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	number, err := strconv.ParseUint(digits, 16, 64)
	return number, ok && err == nil && len(digits) == 16
}

// create makes a new empty segment whose name outlasts a crash.
func (s *Spool) create(number uint64) (*segment, error) {
	file, err := os.OpenFile(s.path(number, segmentSuffix), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spool: create a segment: %w", err)
	}
	if err := syncFolder(s.dir); err != nil {
		_ = file.Close() // nothing was written
		return nil, err
	}
	return &segment{number: number, file: file}, nil
}

// write appends buf and syncs. After an error the segment is as it was before, as far as the disk allows.
func (g *segment) write(buf []byte) error {
	_, err := g.file.WriteAt(buf, g.size)
	if err == nil {
		err = g.file.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("spool: write: %w", err), g.file.Truncate(g.size))
	}
	return nil
}

// syncFolder makes names in dir durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("spool: sync folder: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("spool: sync folder: %w", err)
	}
	return nil
}

// remove deletes a file that may be gone already.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}
