package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
)

// progress is how far the oldest segment has been drained: everything before offset was sent. It is replaced
// whole and not synced: an older one only means that some records are sent twice.
type progress struct {
	number uint64
	offset int64
}

func (s *Spool) saveProgress(p progress) error {
	buf := binary.BigEndian.AppendUint64(nil, p.number)
	buf = binary.BigEndian.AppendUint64(buf, uint64(p.offset))
	buf = binary.BigEndian.AppendUint32(buf, crc32.Checksum(buf, castagnoli))
	path := filepath.Join(s.dir, progressName)
	if err := os.WriteFile(path+".tmp", buf, 0o600); err != nil {
		return fmt.Errorf("spool: progress: %w", err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("spool: progress: %w", err)
	}
	return nil
}

// loadProgress gives the zero value when there is none, or none that is intact.
func (s *Spool) loadProgress() (progress, error) {
	buf, err := os.ReadFile(filepath.Join(s.dir, progressName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return progress{}, fmt.Errorf("spool: progress: %w", err)
	}
	if len(buf) != 20 || crc32.Checksum(buf[:16], castagnoli) != binary.BigEndian.Uint32(buf[16:]) {
		return progress{}, nil
	}
	return progress{binary.BigEndian.Uint64(buf), int64(binary.BigEndian.Uint64(buf[8:]))}, nil
}

// start is the offset in data from which segment number is to be drained. A progress that does not point between
// two frames is not believed.
func (p progress) start(number uint64, data []byte) int {
	if p.number != number || p.offset < 0 || p.offset > int64(len(data)) {
		return 0
	}
	at := 0
	for at < int(p.offset) {
		f, ok := decodeFrame(data, at)
		if !ok {
			return 0
		}
		at = f.end()
	}
	if at != int(p.offset) {
		return 0
	}
	return at
}
