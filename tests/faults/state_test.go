package faults

import (
	"os"
	"path/filepath"
	"testing"
)

// TestStateFolders: the state is deleted, one of another processor is put in its place, and one that is older than what was
// committed since.
func TestStateFolders(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{processors: 2, partitions: 4})
	x := r.startTraffic(t)
	first, second := r.processors[0], r.processors[1]
	r.assigned(t, first, second)
	x.more(t, 300)
	restart := func(change func()) {
		x.more(t, 200)
		first.kill()
		change()
		r.start(t, first)
		r.assigned(t, first, second)
	}
	older := filepath.Join(r.dir, "older")
	restart(func() { must(t, os.CopyFS(older, os.DirFS(first.dir))) })
	restart(func() { must(t, os.RemoveAll(first.dir)) })
	restart(func() {
		// A copy of a folder in use: what a disk image of a running machine has.
		must(t, os.RemoveAll(first.dir))
		second.kill()
		must(t, os.CopyFS(first.dir, os.DirFS(second.dir)))
		r.start(t, second)
	})
	restart(func() {
		must(t, os.RemoveAll(first.dir))
		must(t, os.CopyFS(first.dir, os.DirFS(older)))
	})
	x.stop(t)
	r.verdict(t)
}
