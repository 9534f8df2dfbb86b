package production

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/throughline/throughline/deploy/doctor"
	"github.com/throughline/throughline/processor/state"
	"github.com/throughline/throughline/tests/harness"
)

// localMistakes are those of this machine: variables, files, folders, addresses.
var localMistakes = []misconfiguration{
	{"a misspelt variable", set("COLLECTOR_LISTN=:80"), "configuration", doctor.Warn, "THROUGHLINE_COLLECTOR_LISTN", "rename THROUGHLINE_COLLECTOR_LISTN to THROUGHLINE_COLLECTOR_LISTEN"},
	{"a value that is no number", set("COLLECTOR_MAX_EVENTS=many"), "configuration", doctor.Fail, `THROUGHLINE_COLLECTOR_MAX_EVENTS="many"`, ".env.example"},
	{"a value out of bounds", set("COLLECTOR_MAX_BODY_BYTES=99999999"), "configuration", doctor.Fail, "THROUGHLINE_COLLECTOR_MAX_BODY_BYTES must be between", ".env.example"},
	{"a write key twice", func(t *testing.T, _ *harness.Pipeline) []string {
		return []string{"SITES_FILE=" + file(t, "sites.yaml", "sites:\n  - {id: a, write_keys: [same-key]}\n  - {id: b, write_keys: [same-key]}\n")}
	}, "sites", doctor.Fail, "sites.yaml", "mend the file"},
	{"stage rules that are none", func(t *testing.T, _ *harness.Pipeline) []string {
		rules := file(t, "rules.yaml", "rules:\n  - {stage: perhaps}\n")
		return []string{"SITES_FILE=" + file(t, "sites.yaml", "sites:\n  - {id: a, write_keys: [a-key], rules: "+rules+"}\n")}
	}, "stage-rules", doctor.Fail, "site a", "throughline stages check"},
	{"the key of the manual, open to all", func(t *testing.T, _ *harness.Pipeline) []string {
		_, port, _ := net.SplitHostPort(free(t))
		return []string{"COLLECTOR_LISTEN=0.0.0.0:" + port}
	}, "keys", doctor.Fail, "write key local", "THROUGHLINE_SITES_FILE"},
	{"metrics for everybody", set("PROCESSOR_ADMIN_LISTEN=203.0.113.7:8082"), "admin-addresses", doctor.Warn, "public address 203.0.113.7", "loopback or private"},
	{"an address of another machine", set("PROCESSOR_ADMIN_LISTEN=203.0.113.7:8082"), "ports", doctor.Fail, "203.0.113.7:8082 cannot be listened on", "THROUGHLINE_PROCESSOR_ADMIN_LISTEN"},
	{"a port in use", func(t *testing.T, _ *harness.Pipeline) []string { return []string{"COLLECTOR_LISTEN=" + silent(t)} },
		"ports", doctor.Fail, "another program listens at", "THROUGHLINE_COLLECTOR_LISTEN"},
	{"a collector that does not run", func(t *testing.T, _ *harness.Pipeline) []string { return []string{"COLLECTOR_ADMIN_LISTEN=" + free(t)} },
		"collector", doctor.Fail, "nobody listens at", "throughline collector"},
	{"a state folder that cannot be written", set("PROCESSOR_STATE_DIR=/proc/throughline/state"), "state-folder", doctor.Fail, "cannot be written to", "let the user of this program write"},
	{"a state of other partitions", func(t *testing.T, _ *harness.Pipeline) []string {
		return []string{"PROCESSOR_STATE_DIR=" + stateOf(t, 3, 12)}
	},
		"state", doctor.Warn, "is for 12 partitions, touchpoints.v1 has 4", "THROUGHLINE_PROCESSOR_STATE_DIR"},
	{"a state of another cluster", func(t *testing.T, _ *harness.Pipeline) []string {
		return []string{"PROCESSOR_STATE_DIR=" + stateOf(t, 1<<40, 4)}
	}, "state", doctor.Warn, "made from another cluster", "delete the folder while it is stopped"},
	{"a broken state", func(t *testing.T, _ *harness.Pipeline) []string {
		dir := stateOf(t, 3, 4)
		tables, err := filepath.Glob(dir + "/MANIFEST-*")
		if err != nil || len(tables) == 0 || os.Truncate(tables[0], 9) != nil {
			t.Fatal("no manifest to break", err)
		}
		return []string{"PROCESSOR_STATE_DIR=" + dir}
	}, "state", doctor.Fail, "read the state in", "it is a cache"},
	{"a spool folder that is a file", func(t *testing.T, _ *harness.Pipeline) []string {
		return []string{"COLLECTOR_SPOOL_DIR=" + file(t, "spool", "")}
	}, "spool-folder", doctor.Fail, "is a file, not a folder", "another folder"},
	{"a full disk for the spool", func(t *testing.T, _ *harness.Pipeline) []string {
		return []string{"COLLECTOR_SPOOL_DIR=" + smallDisk(t)}
	},
		"spool-folder", doctor.Fail, "0 MiB free", "free space"},
	{"no engine for up", set("DATA_DIR=/proc/throughline"), "data-folder", doctor.Fail, "cannot be written to", "let the user"},
}

// free is an address at which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// silent is an address at which somebody hangs up.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	return l.Addr().String()
}

type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(string, ...any) {}

// stateOf makes a state whose partition 0 stands at an offset, of so many partitions.
func stateOf(t *testing.T, offset int64, partitions int32) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	s, err := state.Open(state.Config{Dir: dir}, quiet{})
	if err != nil {
		t.Fatal(err)
	}
	b := s.NewBatch()
	if err := b.SetApplied(0, state.Applied{Offset: offset, Partitions: partitions}); err != nil {
		t.Fatal(err)
	}
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// smallDisk is a full file system of its own; it needs root.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		if os.Getenv("REQUIRE_CONTAINERS") != "" {
			t.Fatalf("mount a small disk: %v", err)
		}
		t.Skipf("a small disk cannot be mounted without root: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, 0) })
	if err := os.WriteFile(dir+"/ballast", make([]byte, 600<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
