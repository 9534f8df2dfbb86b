package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/shirou/gopsutil/v4/disk"
)

// smallDisk mounts a file system of 16 MB and gives a folder on it.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		if os.Getenv("REQUIRE_CONTAINERS") == "1" {
			t.Fatalf("REQUIRE_CONTAINERS=1, and no small disk can be mounted: %v", err)
		}
		t.Skipf("no small disk can be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// leave fills a disk but for some bytes. The function it gives makes room again.
func leave(t *testing.T, dir string, bytes uint64) func() {
	t.Helper()
	usage, err := disk.Usage(dir)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "ballast")
	if err := os.WriteFile(name, make([]byte, usage.Free-bytes), 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDisk: a statement that was let in writes four hundred small files onto a disk that has room for fewer. The engine's library
// takes that for a success; nobody must be told so, and nothing torn may be read afterwards.
func TestFullDisk(t *testing.T) {
	need(t)
	dir := smallDisk(t)
	e, err := start(config(filepath.Join(dir, "clickhouse")))
	if err != nil {
		t.Fatal(err)
	}
	defer stop(e)
	var columns strings.Builder
	for i := range 200 {
		fmt.Fprintf(&columns, "x%d Int64 DEFAULT n, ", i)
	}
	must(t, e.Addr(), "CREATE TABLE wide ("+columns.String()+"n Int64) ENGINE = MergeTree ORDER BY n SETTINGS min_bytes_for_wide_part = 0")
	pid := e.Pid()
	empty := leave(t, dir, 1450<<10)
	status, _, body := ask(t, e.Addr(), "", "INSERT INTO wide (n) SELECT number FROM numbers(50)")
	if status == 200 || !strings.Contains(body, "NOT_ENOUGH_SPACE") {
		t.Fatalf("the INSERT was answered %d %s", status, body)
	}
	until(t, "another child", func() bool { return e.Pid() != 0 && e.Pid() != pid })
	if got := must(t, e.Addr(), "SELECT count(), sum(x199) FROM wide"); got != "0\t0\n" {
		t.Errorf("after the restart, on the full disk, the table has %s", got)
	}
	empty()
	must(t, e.Addr(), "INSERT INTO wide (n) SELECT number FROM numbers(50)")
	if got := must(t, e.Addr(), "SELECT count(), sum(x199) FROM wide"); got != "50\t1225\n" {
		t.Errorf("with room again the table has %s", got)
	}
}

// TestDamagedPart: a merged part loses a file. The engine starts again by itself and has the rows from before the merge; a second
// time soon after it is left to an operator.
func TestDamagedPart(t *testing.T) {
	need(t)
	e, err := start(config(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer stop(e)
	must(t, e.Addr(), "CREATE TABLE torn (n Int64, c String) ENGINE = MergeTree ORDER BY n SETTINGS min_bytes_for_wide_part = 0")
	damage := func() {
		must(t, e.Addr(), "INSERT INTO torn SELECT number, 'c' FROM numbers(3)")
		must(t, e.Addr(), "INSERT INTO torn SELECT number, 'c' FROM numbers(3)")
		must(t, e.Addr(), "OPTIMIZE TABLE torn FINAL")
		part := must(t, e.Addr(), "SELECT path FROM system.parts WHERE table = 'torn' AND active FORMAT TSVRaw")
		if err := os.Truncate(filepath.Join(strings.TrimSpace(part), "c.cmrk2"), 0); err != nil {
			t.Fatal(err)
		}
		must(t, e.Addr(), "SYSTEM DROP MARK CACHE")
	}
	query := func() (int, string) {
		status, _, body := ask(t, e.Addr(), "", "SELECT count(), countIf(c = 'c') FROM torn")
		return status, body
	}
	damage()
	pid := e.Pid()
	if status, body := query(); status != 500 || !strings.Contains(body, "CORRUPTED_DATA") {
		t.Fatalf("the damage was answered %d %s", status, body)
	}
	until(t, "another child", func() bool { return e.Pid() != 0 && e.Pid() != pid })
	if status, body := query(); body != "6\t6\n" {
		t.Fatalf("after the repair: %d %s", status, body)
	}
	damage()
	pid = e.Pid()
	for range 3 {
		if status, body := query(); status != 500 || e.Pid() != pid {
			t.Fatalf("the damage was answered %d %s", status, body)
		}
	}
}
