// Package live takes the built program and a real browser, and looks at the live page as a person would: empty, with data moving, with the
// engine killed, on a phone and on a desk, light and dark, by mouse and by keyboard. It walks through a shop with the browser script too.
package live

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

// skipOrFail ends a test that lacks something outside of this repository.
func skipOrFail(t *testing.T, why ...any) {
	t.Helper()
	if os.Getenv("REQUIRE_CLIENTS") == "1" {
		t.Fatal(why...)
	}
	t.Skip(why...)
}

// chromium finds the browser; CHROMIUM may point to one.
func chromium(t *testing.T) string {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	if name := os.Getenv("CHROMIUM"); name != "" {
		names = []string{name}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	skipOrFail(t, "no browser: install Debian's chromium, or let CHROMIUM point to one")
	return ""
}

// TestInBrowser runs look.mjs against a pipeline that is empty at first. KEEP_SCREENSHOTS names a folder for what it sees.
func TestInBrowser(t *testing.T) {
	w := newWalk(t, "look.mjs")
	p := harness.New(t, "")
	p.Start(t)
	levers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/kill-engine" {
			must(t, syscall.Kill(engineOf(t, p), syscall.SIGKILL))
		}
	}))
	defer levers.Close()
	w.run(t, "PAGE=http://"+p.ClickHouse+"/live/", "COLLECTOR=http://"+p.HTTP, "LEVERS="+levers.URL)
}

// walk is a script of tests that node runs with a browser, beside the modules that it needs.
type walk struct{ script, dir, browser string }

// newWalk skips the test where there is no browser or no node.
func newWalk(t *testing.T, script string) walk {
	t.Helper()
	w := walk{script: script, dir: t.TempDir(), browser: chromium(t)}
	modules(t, ".", w.dir)
	text, err := os.ReadFile(script)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(w.dir, script), text, 0o600))
	return w
}

// run gives the script variables as NAME=value, and fails the test when one of its tests fails or it has none.
func (w walk) run(t *testing.T, variables ...string) {
	t.Helper()
	node := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", w.script)
	node.Dir = w.dir
	node.Env = append(append(os.Environ(), "CHROMIUM="+w.browser), variables...)
	out, err := node.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("%s: %v", w.script, err)
	}
	if !strings.Contains(string(out), "pass ") {
		t.Fatalf("%s ran no test", w.script)
	}
}

// engineOf finds the child process that holds the engine of a running pipeline.
func engineOf(t *testing.T, p *harness.Pipeline) int {
	t.Helper()
	pid := 0
	harness.Eventually(t, 20*time.Second, "the engine runs", func() error {
		lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", p.Pid()))
		if err != nil {
			return err
		}
		var children string
		for _, list := range lists {
			text, err := os.ReadFile(list)
			if err == nil { // a thread may have ended
				children += " " + string(text)
			}
		}
		if _, err := fmt.Sscan(children, &pid); err != nil {
			return fmt.Errorf("process %d has no child: %w", p.Pid(), err)
		}
		return nil
	})
	return pid
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
