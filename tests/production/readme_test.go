package production

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/throughline/throughline/tests/harness"
)

// TestReadmeNamesWhatIsThere looks up each variable, each file and each command that deploy/README.md names.
func TestReadmeNamesWhatIsThere(t *testing.T) {
	text, err := os.ReadFile("../../deploy/README.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	variables := regexp.MustCompile(`THROUGHLINE_[A-Z0-9_]+`).FindAllString(string(text), -1)
	for _, name := range variables {
		if !strings.Contains(string(example), "#"+name+"=") {
			t.Errorf("nobody reads %s", name)
		}
	}
	links := regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(string(text), -1)
	for _, link := range links {
		if _, err := os.Stat(filepath.Join("../../deploy", link[1])); err != nil {
			t.Error(err)
		}
	}
	commands := map[string]bool{}
	for _, m := range regexp.MustCompile("`(?:[A-Z_]+=[^ `]+ )?throughline ([a-z]+(?: [a-z]+)?)").FindAllStringSubmatch(string(text), -1) {
		commands[m[1]] = true
	}
	for command := range commands {
		args := append(strings.Fields(command), "--help")
		if out, err := exec.CommandContext(t.Context(), harness.Binary(t), args...).CombinedOutput(); err != nil || !strings.Contains(string(out), "throughline "+command) {
			t.Errorf("throughline %s: %v\n%s", command, err, out)
		}
	}
	if len(variables) < 10 || len(links) < 8 || len(commands) < 5 {
		t.Errorf("only %d variables, %d links and %d commands were found", len(variables), len(links), len(commands))
	}
}
