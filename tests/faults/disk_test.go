package faults

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

// smallDisk mounts a file system of so many bytes that a test can fill.
func smallDisk(t *testing.T, bytes int) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprint("size=", bytes))
	if err != nil && os.Getenv("REQUIRE_CONTAINERS") == "" {
		t.Skipf("a disk that is full needs the right to mount one: %v", err)
	}
	must(t, err)
	t.Cleanup(func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// fill takes what is left of a disk.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	must(t, err)
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
}

func empty(t *testing.T, dir string) {
	t.Helper()
	must(t, os.Remove(filepath.Join(dir, "ballast")))
}

// TestSpoolDiskFull: Kafka is away and the spool's disk fills up. Clients are told 503; what was acknowledged is there in the
// end, and the spool empties although the disk has no room for so much as a note.
func TestSpoolDiskFull(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 1<<19)
	r := newRig(t, options{spoolDir: disk})
	x := r.startTraffic(t)
	x.more(t, 300)
	r.link.set(cut)
	harness.Eventually(t, time.Minute, "the spool is full", func() error {
		resp, err := http.Post("http://"+r.collectors[0].http+"/v1/touchpoints?write_key=local", "application/json",
			strings.NewReader(`{"event":"","padding":0}`)) // refused events are kept, too
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			return fmt.Errorf("%s", resp.Status)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	})
	fill(t, disk)
	r.link.set(open)
	x.cancel()
	r.drained(t, time.Minute)
	empty(t, disk)
	x = r.startTraffic(t)
	x.stop(t)
	r.verdict(t)
}

// TestStateDiskFull: the processor's disk fills up under load and has room again later.
func TestStateDiskFull(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 96<<20)
	r := newRig(t, options{stateDir: filepath.Join(disk, "state")})
	x := r.startTraffic(t)
	x.more(t, 300)
	fill(t, disk)
	x.more(t, 1000)
	time.Sleep(2 * time.Second)
	empty(t, disk)
	r.revive(t, r.processors[0])
	x.stop(t)
	r.verdict(t)
}

// TestClickHouseDiskFull: the engine's disk fills up under load and has room again later.
func TestClickHouseDiskFull(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 256<<20)
	r := newRig(t, options{engineDir: filepath.Join(disk, "clickhouse")})
	x := r.startTraffic(t)
	x.more(t, 300)
	fill(t, disk)
	x.more(t, 1000)
	time.Sleep(2 * time.Second)
	empty(t, disk)
	x.stop(t)
	if x.failed.Load() > 0 {
		t.Errorf("%d posts failed: the collector must not need ClickHouse", x.failed.Load())
	}
	r.verdict(t)
}

// TestOneDiskFull: everything lies on one disk, as under `throughline up`. It fills up under load, stays full for a while, and has room
// again later.
func TestOneDiskFull(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 512<<20)
	r := newRig(t, options{dir: disk})
	x := r.startTraffic(t)
	x.more(t, 300)
	fill(t, disk)
	time.Sleep(5 * time.Second)
	empty(t, disk)
	r.revive(t, r.processors[0])
	x.more(t, 1000)
	r.stopBroker(t) // killed: what it could not write whole must not stand in the way of what came after
	r.startBroker(t)
	x.stop(t)
	r.verdict(t)
}

// revive starts a process again where it has ended, as a service manager does.
func (r *rig) revive(t *testing.T, s *service) {
	t.Helper()
	select {
	case <-s.ended:
		t.Logf("the %s has ended: %v", s.kind, s.err)
		r.start(t, s)
	default:
	}
}
