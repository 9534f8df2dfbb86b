package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/disk"
)

// A disk without room tears parts of tables: the engine acknowledges INSERTs and puts merges in place of which files are empty. What
// is torn is found, and replaced by what it was merged from, when the tables are loaded. So the engine stops writing while there
// still is room, takes back what it wrote on a full disk, and ends, to be started again, when a disk was full or a part is damaged.

const (
	mostReserve = 256 << 20
	lookAgain   = 250 * time.Millisecond
)

// repairs collects reasons to load the tables anew.
type repairs struct {
	due   chan error
	parts string // the folder of all parts of tables
	after time.Time
}

// newRepairs takes the data folder, and how long damage is borne: a start that did not mend it should not be followed by another at once.
func newRepairs(folder string, patience time.Duration) *repairs {
	return &repairs{due: make(chan error, 1), parts: filepath.Join(folder, "store") + "/", after: time.Now().Add(patience)}
}

// ask says why the tables are to be loaded anew.
func (r *repairs) ask(reason error) {
	select {
	case r.due <- reason:
	default: // there is a reason already
	}
}

// damage is what exceptions call files of a part that are missing, empty or cut short. A wrong checksum is none: a start does not find it.
var damage = map[int]bool{33: true, 226: true, 228: true, 246: true}

// look takes the code and the text of an exception. What clients send has no path, or one outside of the parts.
func (r *repairs) look(code int, text string) {
	if damage[code] && strings.Contains(text, r.parts) && time.Now().After(r.after) {
		r.ask(fmt.Errorf("a part of a table is damaged; a start sets it aside: %s", text))
	}
}

// space is what the disk of the data folder has left.
type space struct {
	folder  string
	reserve uint64 // bytes that the engine leaves free
	wasFull bool   // since the last time that it had the reserve
}

func newSpace(folder string) (*space, error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("data folder of the ClickHouse engine: %w", err)
	}
	usage, err := disk.Usage(folder)
	if err != nil {
		return nil, fmt.Errorf("disk of the ClickHouse engine: %w", err)
	}
	s := &space{folder: folder, reserve: min(usage.Total/50, mostReserve)}
	s.wasFull = s.full()
	return s, nil
}

// setting makes the engine refuse INSERTs and merges that would take from the reserve.
func (s *space) setting() string {
	return "--storage_configuration.disks.default.keep_free_space_bytes=" + strconv.FormatUint(s.reserve, 10)
}

// full tells whether others have taken nearly all of the reserve.
func (s *space) full() bool { return s.free() < s.reserve/8 }

func (s *space) free() uint64 {
	usage, err := disk.Usage(s.folder)
	if err != nil {
		return s.reserve // not known: nothing to act on
	}
	return usage.Free
}

// watch asks for a repair whenever the disk has become full.
func (s *space) watch(ctx context.Context, r *repairs) {
	for tick := time.NewTicker(lookAgain); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		switch {
		case s.full() && !s.wasFull:
			s.wasFull = true
			r.ask(errors.New("the disk is full; a start sets aside what was torn"))
		case s.free() >= s.reserve:
			s.wasFull = false
		}
	}
}
