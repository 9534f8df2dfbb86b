// Package systemd takes the units of deploy/systemd and has systemd itself read them.
package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const root = "../../.."

// units gives the text of each unit by its name.
func units(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(root + "/deploy/systemd/*.service")
	if err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	all := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = string(text)
	}
	return all
}

// analyze runs systemd-analyze, which knows every setting; without it the test is skipped, or fails where it must be there.
func analyze(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		if os.Getenv("REQUIRE_CONTAINERS") != "" {
			t.Fatal("systemd-analyze is not there: apt-get install systemd")
		}
		t.Skip("systemd-analyze is not there")
	}
	out, err := exec.Command("systemd-analyze", args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestSystemdUnderstandsTheUnits(t *testing.T) {
	for name, text := range units(t) {
		// The program is not installed here; something that is takes its place.
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(strings.Replace(text, "/usr/bin/throughline", "/bin/true", 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if said := analyze(t, "verify", "--man=no", file); said != "" {
			t.Errorf("%s: %s", name, said)
		}
		said := analyze(t, "security", "--offline=true", "--no-pager", file)
		m := regexp.MustCompile(`exposure level for \S+: ([\d.]+)`).FindStringSubmatch(said)
		if m == nil {
			t.Fatalf("%s: %s", name, said)
		}
		if level, err := strconv.ParseFloat(m[1], 64); err != nil || level > 2 {
			t.Errorf("%s: exposure level %s is above 2.0", name, m[1])
		}
	}
}

func TestVariablesAndFoldersExist(t *testing.T) {
	example, err := os.ReadFile(root + "/.env.example")
	if err != nil {
		t.Fatal(err)
	}
	variable := regexp.MustCompile(`(?m)^Environment=(THROUGHLINE_[A-Z_]+)=(.*)$`)
	folder := regexp.MustCompile(`(?m)^StateDirectory=(.*)$`)
	for name, text := range units(t) {
		folders := strings.Fields(folder.FindStringSubmatch(text)[1])
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(string(example), "#"+m[1]+"=") {
				t.Errorf("%s: nobody reads %s", name, m[1])
			}
			owned := !strings.HasSuffix(m[1], "_DIR")
			for _, f := range folders {
				owned = owned || strings.HasPrefix(m[2]+"/", "/var/lib/"+f+"/")
			}
			if !owned {
				t.Errorf("%s: %s is not in a folder of its own", name, m[0])
			}
		}
		if !strings.Contains(text, "KillSignal=SIGTERM") || !strings.Contains(text, "Restart=always") {
			t.Errorf("%s does not drain, or is not started again", name)
		}
	}
}
