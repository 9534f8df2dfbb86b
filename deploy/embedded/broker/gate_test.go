package broker

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func TestGateSharesSyncsAndWaitsForOneThatBeganLater(t *testing.T) {
	var written, durable, syncs atomic.Int64
	g := newGate(slog.Default(), func() error {
		syncs.Add(1)
		durable.Store(written.Load())
		return nil
	})
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for range 200 {
				mine := written.Add(1)
				if err := g.pass(); err != nil {
					t.Error(err)
				}
				if got := durable.Load(); got < mine {
					t.Errorf("passed at %d with %d on disk", mine, got)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d syncs for %d answers", syncs.Load(), written.Load())
}

func TestGateStaysShutAfterAFailedSync(t *testing.T) {
	failure := errors.New("no space")
	fails := true
	g := newGate(slog.New(slog.NewTextHandler(io.Discard, nil)), func() error {
		if fails {
			return failure
		}
		return nil
	})
	if err := g.pass(); !errors.Is(err, failure) {
		t.Errorf("first: %v", err)
	}
	fails = false
	if err := g.pass(); !errors.Is(err, failure) {
		t.Errorf("after a failed sync: %v", err)
	}
}

// write appends to a file below root.
func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestDirtyFollowsFilesThatGrow(t *testing.T) {
	root := t.TempDir()
	d := newDirty(root)
	defer d.close()
	size := func(name string) int64 {
		t.Helper()
		f := d.folders[filepath.Dir(filepath.Join(root, name))]
		if f == nil || f.files[filepath.Join(root, name)] == nil {
			return -1
		}
		return f.files[filepath.Join(root, name)].size
	}
	steps := []struct {
		file, text string
		want       map[string]int64
	}{
		{"groups.log", "abc", map[string]int64{"groups.log": 3}},
		{"partitions/t-0/0.dat", "12", map[string]int64{"groups.log": 3, "partitions/t-0/0.dat": 2}},
		{"partitions/t-0/0.dat", "34", map[string]int64{"partitions/t-0/0.dat": 4}},
		{"partitions/t-0/9.dat", "5", map[string]int64{"partitions/t-0/0.dat": -1, "partitions/t-0/9.dat": 1}},
		{"partitions/t-0/10.dat", "6", map[string]int64{"partitions/t-0/9.dat": -1, "partitions/t-0/10.dat": 1}},
		{"partitions/t-1/0.dat", "7", map[string]int64{"partitions/t-0/10.dat": 1, "partitions/t-1/0.dat": 1}},
	}
	for _, step := range steps {
		write(t, root, step.file, step.text)
		if err := d.sync(); err != nil {
			t.Fatal(err)
		}
		for name, want := range step.want {
			if got := size(name); got != want {
				t.Errorf("after writing %s: %s is known to %d bytes, want %d", step.file, name, got, want)
			}
		}
	}
	if err := os.Remove(filepath.Join(root, "groups.log")); err != nil {
		t.Fatal(err)
	}
	write(t, root, "groups.log", "new")
	if err := os.RemoveAll(filepath.Join(root, "partitions/t-1")); err != nil {
		t.Fatal(err)
	}
	if err := d.sync(); err != nil {
		t.Fatal(err)
	}
	if got := size("groups.log"); got != 3 {
		t.Errorf("replaced log is known to %d bytes", got)
	}
}

func TestForeignRequestsEndTheConnectionOnly(t *testing.T) {
	b := start(t, Config{DataDir: t.TempDir(), Sync: true})
	for name, text := range map[string]string{
		"http":        "GET / HTTP/1.1\r\n\r\n",
		"unknown key": "\x00\x00\x00\x0a\x7f\xff\x00\x00\x00\x00\x00\x01\x00\x00",
		"short":       "\x00\x00\x00\x01\x00",
		"negative":    "\xff\xff\xff\xff\x00\x00\x00\x00",
	} {
		c, err := net.Dial("tcp", b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s: %d bytes of answer", name, n)
		}
		c.Close()
	}
	produce(t, b.Addr(), 1, "still there")
}

func TestAnswersAreMatchedWithRequests(t *testing.T) {
	head := func(key, correlation byte) []byte {
		return []byte{0, 0, 0, 10, 0, key, 0, 0, 0, 0, 0, correlation, 'x', 'y'}
	}
	c := &conn{}
	var stream []byte
	for i, key := range []byte{0, 18, 1, 0, 3} {
		stream = append(stream, head(key, byte(i))...)
	}
	for len(stream) > 0 { // in pieces of three bytes
		n := min(3, len(stream))
		if err := c.scan(stream[:n]); err != nil {
			t.Fatal(err)
		}
		stream = stream[n:]
	}
	answer := func(correlation byte) []byte { return []byte{0, 0, 0, 4, 0, 0, 0, correlation} }
	for _, want := range []struct {
		correlation byte
		gated       bool
	}{{0, true}, {1, false}, {2, true}, {4, false}} { // 3 wanted no answer
		if got := c.answers(answer(want.correlation)); got != want.gated {
			t.Errorf("answer %d: gated %v", want.correlation, got)
		}
	}
	if len(c.mu.open) != 0 {
		t.Errorf("%d requests are still open", len(c.mu.open))
	}
}
