package e2e

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

// call is one command of the program with what it must say and its exit code.
type call struct {
	name string
	args []string
	exit int
	says []string
}

func (c call) run(t *testing.T, p *harness.Pipeline) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := p.Command(ctx, c.args...)
	exit := 0
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		exit = ended.ExitCode()
	} else {
		must(t, err)
	}
	if exit != c.exit {
		t.Errorf("%s: exit code %d, want %d:\n%s", c.name, exit, c.exit, out)
	}
	for _, want := range c.says {
		if !strings.Contains(out, want) {
			t.Errorf("%s: does not say %q:\n%s", c.name, want, out)
		}
	}
}

const mixedLines = `{"event":"Product Viewed","anonymous_id":"ben"}
{"event":"Product Viewed"}
{"event":"Product Viewed","anonymous_id":"ben","revenu":5}
`

// TestCommands asks the commands of a pipeline that runs, and then of one that is gone.
func TestCommands(t *testing.T) {
	p := harness.New(t, "")
	p.Start(t)
	file := filepath.Join(t.TempDir(), "lines.ndjson")
	must(t, os.WriteFile(file, []byte(mixedLines), 0o600))
	for _, c := range []call{
		{"send", []string{"send", "--anonymous-id", "ada", "--event", "Promotion Viewed", "--event", "Product Viewed", "--event", "Product Added", "--event", "Order Completed"}, 0,
			[]string{`1  accepted  "Promotion Viewed"`, "4 accepted, 0 rejected"}},
		{"send a file", []string{"send", "--file", file}, 3,
			[]string{`1  accepted  "Product Viewed"`, "2  rejected", "missing", "3  rejected", "field revenu: unknown_field", "1 accepted, 2 rejected"}},
		{"send with a wrong key", []string{"send", "--write-key", "nobody", "--event", "E", "--user-id", "u"}, 1, []string{"THROUGHLINE_WRITE_KEY"}},
		{"send what is not there", []string{"send", "--file", "nothing.json"}, 2, []string{"nothing.json"}},
		{"wrong flag", []string{"send", "--evnt", "E"}, 2, []string{"--evnt"}},
		{"explain", []string{"stages", "explain", "Order Completed"}, 0, []string{"is purchase, by rule order-completed"}},
		{"explain at length", []string{"stages", "explain", "Page Viewed", "--type", "page", "--path", "/pricing", "--all"}, 0, []string{"consideration", "→"}},
		{"explain what no rule knows", []string{"stages", "explain", "Teapot Boiled"}, 0, []string{"has no stage"}},
		{"migrate", []string{"migrate"}, 0, []string{"nothing to do"}},
		{"migrate again", []string{"migrate"}, 0, []string{"nothing to do"}},
		{"migrate, shown", []string{"migrate", "--show"}, 0, []string{"CREATE TABLE", "stage_funnel"}},
	} {
		c.run(t, p)
	}
	p.CaughtUp(t, time.Minute)
	for _, c := range []call{
		{"funnel", []string{"funnel"}, 0, []string{"awareness", "consideration", "intent", "purchase", "loyalty"}},
		{"doctor", []string{"doctor"}, 0, nil},
		{"doctor for programs", []string{"doctor", "--json"}, 0, []string{`"good": true`}},
	} {
		c.run(t, p)
	}
	depth := p.Query(t, "SELECT depth, touchpoints FROM journeys WHERE customer_id = 'ada'")
	if depth != "4\t4" {
		t.Errorf("depth and touchpoints of the one who was sent: %s, want 4 and 4", depth)
	}
	p.Stop(t)
	askStopped(t, p)
}

func askStopped(t *testing.T, p *harness.Pipeline) {
	t.Helper()
	for _, c := range []call{
		{"doctor, stopped", []string{"doctor", "--limit", "5s"}, 1, []string{"FAIL", "throughline up"}},
		{"send, stopped", []string{"send", "--event", "E", "--user-id", "u"}, 1, []string{"nobody listens at http://" + p.HTTP, "throughline up"}},
		{"funnel, stopped", []string{"funnel"}, 1, []string{"refused"}},
		{"migrate, stopped", []string{"migrate"}, 1, []string{"refused"}},
	} {
		c.run(t, p)
	}
}
