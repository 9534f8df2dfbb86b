package broker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// dirty finds and syncs what the broker has appended since the last sync. The broker only ever appends to the last
// segment (<offset>.dat) of each partition's folder and to its logs (*.log), so a file is dirty when its size
// differs. Indexes are rebuilt from segments, and the rest is synced as it is written, except for folders.
type dirty struct {
	root    string
	folders map[string]*folder
}

// folder is one folder of the broker, and those of its files that still grow.
type folder struct {
	changed time.Time // modification time at the last look
	settled bool      // the last look was long enough after it to have seen everything
	files   map[string]*growing
	subs    []string // paths of the folders inside
}

type growing struct {
	file *os.File
	size int64 // bytes known to be on disk
}

// settleTime is above the resolution of a folder's modification time.
const settleTime = 100 * time.Millisecond

func newDirty(root string) *dirty { return &dirty{root: root, folders: map[string]*folder{}} }

// sync makes everything that was written before the call durable.
func (d *dirty) sync() error {
	var paths []string
	if err := d.look(d.root, &paths); err != nil {
		return err
	}
	var files []*growing
	var sizes []int64
	for _, f := range d.folders {
		for _, g := range f.files {
			info, err := g.file.Stat()
			if err != nil {
				return fmt.Errorf("size of %s: %w", g.file.Name(), err)
			}
			if info.Size() != g.size {
				files, sizes = append(files, g), append(sizes, info.Size())
			}
		}
	}
	if err := syncAll(files, sizes); err != nil {
		return err
	}
	for _, path := range paths {
		if err := syncPath(path); err != nil {
			return err
		}
	}
	return nil
}

// syncAll syncs files at the same time: the file system then commits them together.
func syncAll(files []*growing, sizes []int64) error {
	errs := make([]error, len(files))
	var wg sync.WaitGroup
	for i, g := range files {
		one := func() {
			if errs[i] = syncFile(g.file); errs[i] == nil {
				g.size = sizes[i]
			}
		}
		if i == len(files)-1 {
			one() // the last one needs no goroutine of its own
		} else {
			wg.Go(one)
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

// look takes note of files that are new in path and the folders below, and lists the paths that need a sync for it.
func (d *dirty) look(path string, paths *[]string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && path != d.root {
		return nil // its topic was deleted
	}
	if err != nil {
		return fmt.Errorf("look at a folder: %w", err)
	}
	f := d.folders[path]
	if f == nil {
		f = &folder{files: map[string]*growing{}}
		d.folders[path] = f
	}
	if !f.settled || !info.ModTime().Equal(f.changed) {
		f.changed, f.settled = info.ModTime(), time.Since(info.ModTime()) > settleTime
		*paths = append(*paths, path)
		return d.list(path, f, paths)
	}
	for _, sub := range f.subs {
		if err := d.look(sub, paths); err != nil {
			return err
		}
	}
	return nil
}

// list reads a folder anew.
func (d *dirty) list(path string, f *folder, paths *[]string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("list a folder: %w", err)
	}
	last := lastSegment(entries)
	f.subs = f.subs[:0]
	for _, e := range entries {
		name := filepath.Join(path, e.Name())
		switch {
		case e.IsDir():
			f.subs = append(f.subs, name)
			err = d.look(name, paths)
		case e.Name() == last || strings.HasSuffix(e.Name(), ".log"):
			err = f.follow(name)
		}
		if err != nil {
			return err
		}
	}
	return f.retire(filepath.Join(path, last), paths)
}

// lastSegment is the name of the segment with the greatest offset, "" when there is none.
func lastSegment(entries []fs.DirEntry) (last string) {
	greatest := int64(-1)
	for _, e := range entries {
		base, isSegment := strings.CutSuffix(e.Name(), ".dat")
		if offset, err := strconv.ParseInt(base, 10, 64); isSegment && err == nil && offset > greatest {
			greatest, last = offset, e.Name()
		}
	}
	return last
}

// follow opens a growing file, unless it is the one that is open already.
func (f *folder) follow(name string) error {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("follow a file: %w", err)
	}
	if g := f.files[name]; g != nil {
		if same(g.file, file) {
			return file.Close()
		}
		_ = g.file.Close() // replaced by name: only read from
	}
	f.files[name] = &growing{file: file, size: -1}
	return nil
}

func same(a, b *os.File) bool {
	infoA, errA := a.Stat()
	infoB, errB := b.Stat()
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// retire lists segments that grow no more for a last sync, and lets them go.
func (f *folder) retire(last string, paths *[]string) error {
	for name, g := range f.files {
		if strings.HasSuffix(name, ".dat") && name != last {
			*paths = append(*paths, name)
			delete(f.files, name)
			if err := g.file.Close(); err != nil {
				return fmt.Errorf("close a segment: %w", err)
			}
		}
	}
	return nil
}

// close lets go of all files.
func (d *dirty) close() {
	for _, f := range d.folders {
		for _, g := range f.files {
			_ = g.file.Close() // only read from
		}
	}
	d.folders = map[string]*folder{}
}
