package engine_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/throughline/throughline/deploy/embedded/engine"
)

// insertOne posts one row; true when it was acknowledged.
func insertOne(addr string, n int64) bool {
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Post("http://"+addr+"/?query=INSERT+INTO+rows+FORMAT+TSV", "", strings.NewReader(fmt.Sprintf("%d\n", n)))
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// writers insert rows from four goroutines and remember which were acknowledged.
type writers struct {
	addr         string
	acknowledged atomic.Int64
	stop         context.CancelFunc
	all          sync.WaitGroup
	mu           sync.Mutex
	rows         map[int64]bool
}

func write(addr string) *writers {
	w := &writers{addr: addr, rows: map[int64]bool{}}
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	var next atomic.Int64
	for range 4 {
		w.all.Go(func() {
			for ctx.Err() == nil {
				if n := next.Add(1); insertOne(addr, n) {
					w.mu.Lock()
					w.rows[n] = true
					w.mu.Unlock()
					w.acknowledged.Add(1)
				}
			}
		})
	}
	return w
}

// check ends the writing and looks for every acknowledged row.
func (w *writers) check(t *testing.T) {
	t.Helper()
	w.stop()
	w.all.Wait()
	kept := map[string]bool{}
	for _, n := range strings.Fields(must(t, w.addr, "SELECT n FROM rows")) {
		kept[n] = true
	}
	for n := range w.rows {
		if !kept[fmt.Sprint(n)] {
			t.Errorf("row %d was acknowledged and is lost", n)
		}
	}
}

// TestKilledChild kills the engine during inserts, three times, and looks for what was acknowledged.
func TestKilledChild(t *testing.T) {
	need(t)
	registry := prometheus.NewRegistry()
	cfg := config(t.TempDir())
	cfg.Metrics = registry
	cfg.Log = nil
	e, err := start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer stop(e)
	must(t, e.Addr(), "CREATE TABLE rows (n Int64) ENGINE = MergeTree ORDER BY n")
	w := write(e.Addr())
	for range 3 {
		before := w.acknowledged.Load()
		until(t, "inserts", func() bool { return w.acknowledged.Load() > before+20 })
		pid := e.Pid()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		until(t, "another child", func() bool { return e.Pid() != 0 && e.Pid() != pid })
	}
	before := w.acknowledged.Load()
	until(t, "inserts after the last crash", func() bool { return w.acknowledged.Load() > before })
	w.check(t)
	if err := testutil.GatherAndCompare(registry, strings.NewReader("# HELP throughline_engine_restarts_total Times that the embedded ClickHouse engine died and was started again.\n"+
		"# TYPE throughline_engine_restarts_total counter\nthroughline_engine_restarts_total 3\n"), "throughline_engine_restarts_total"); err != nil {
		t.Error(err)
	}
}

// TestKilledParent kills a parent: its child must go, and the data folder be free at once.
func TestKilledParent(t *testing.T) {
	need(t)
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "engine-parent", dir, library)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	var addr string
	if _, err := fmt.Sscan(line, &pid, &addr); err != nil {
		t.Fatal(err)
	}
	must(t, addr, "CREATE TABLE rows (n Int64) ENGINE = MergeTree ORDER BY n")
	must(t, addr, "INSERT INTO rows VALUES (1)")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "killed"
	e, err := start(config(dir))
	if err != nil {
		t.Fatalf("the folder is not free: %v", err)
	}
	defer stop(e)
	if got := must(t, e.Addr(), "SELECT n FROM rows"); got != "1\n" {
		t.Errorf("got %q", got)
	}
	until(t, "the child's end", func() bool { return syscall.Kill(pid, 0) != nil || zombie(pid) })
}

// zombie tells whether a process has ended but was not waited for (nobody does, in some containers).
func zombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(text), ") Z ")
}

// TestStop stops during a statement: it is finished, and the next start finds everything.
func TestStop(t *testing.T) {
	need(t)
	dir := t.TempDir()
	e, err := start(config(dir))
	if err != nil {
		t.Fatal(err)
	}
	must(t, e.Addr(), "CREATE TABLE rows (n Int64) ENGINE = MergeTree ORDER BY n")
	answers := make(chan int, 1)
	go func() {
		answer, err := http.Post("http://"+e.Addr()+"/", "", strings.NewReader("INSERT INTO rows SELECT sleepEachRow(0.5) + 1 FROM numbers(1)"))
		if err != nil {
			answers <- 0
			return
		}
		answer.Body.Close()
		answers <- answer.StatusCode
	}()
	until(t, "the statement's start", func() bool {
		return must(t, e.Addr(), "SELECT count() FROM system.processes WHERE query_kind = 'Insert'") != "0\n"
	})
	if stop(e) != 0 {
		t.Error("it did not stop cleanly")
	}
	if status := <-answers; status != http.StatusOK {
		t.Errorf("the running INSERT was answered %d", status)
	}
	again, err := start(config(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer stop(again)
	if got := must(t, again.Addr(), "SELECT n FROM rows"); got != "1\n" {
		t.Errorf("got %q", got)
	}
}

func TestStartFails(t *testing.T) {
	need(t)
	for name, change := range map[string]func(*engine.Config){
		"no library":    func(c *engine.Config) { c.LibPath = "/nowhere.so" },
		"folder in use": func(c *engine.Config) { c.DataDir = sharedDir },
		"no data":       func(c *engine.Config) { c.DataDir = "" },
		"address":       func(c *engine.Config) { c.Listen = shared.Addr() },
	} {
		cfg := config(t.TempDir())
		change(&cfg)
		if e, err := start(cfg); err == nil {
			stop(e)
			t.Errorf("%s: started", name)
		}
	}
}
