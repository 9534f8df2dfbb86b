package cli

import (
	"bytes"
	"strings"
	"testing"
)

func TestWrongUseExitsWithTwo(t *testing.T) {
	for _, c := range []struct{ line, says string }{
		{"snd", `there is no command "snd": did you mean send?`},
		{"funnel extra", "unknown command"},
		{"import", "accepts 1 arg"},
		{"import --mapping", "flag needs an argument"},
		{"stages explain", "See 'throughline stages explain --help'"},
		{"up --nonsense", "unknown flag"},
	} {
		var out, errs bytes.Buffer
		if code := Main(strings.Fields(c.line), &out, &errs); code != exitUsage || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%s: exit %d, want %d and %q in:\n%s", c.line, code, exitUsage, c.says, errs.String())
		}
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	var out, errs bytes.Buffer
	if code := Main(nil, &out, &errs); code != exitOK {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	for _, name := range []string{"up", "collector", "processor", "send", "import", "funnel", "tail", "stages", "migrate", "doctor"} {
		if !strings.Contains(out.String(), "\n  "+name+" ") {
			t.Errorf("help does not list %s", name)
		}
	}
}
