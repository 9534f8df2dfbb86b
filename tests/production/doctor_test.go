package production

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/deploy/doctor"
	"github.com/throughline/throughline/tests/harness"
)

// misconfiguration is one thing done wrong, and what the doctor says of it.
type misconfiguration struct {
	name string
	// wrong does it, on a pipeline that is good otherwise, and gives the variables that differ, NAME=value without the prefix.
	wrong func(t *testing.T, good *harness.Pipeline) []string
	// check and verdict are those of the finding; says and todo are texts of it.
	check     string
	verdict   doctor.Verdict
	says, doc string
}

// set is a misconfiguration by variables alone.
func set(variables ...string) func(*testing.T, *harness.Pipeline) []string {
	return func(*testing.T, *harness.Pipeline) []string { return variables }
}

// TestDoctorFindsMisconfigurations makes each misconfiguration for real and asks the program's doctor, which has to find it and to
// say what to do. On the pipeline without any it finds nothing.
func TestDoctorFindsMisconfigurations(t *testing.T) {
	good := harness.New(t, "", "UP_PARTITIONS=4")
	good.Start(t)
	harness.Eventually(t, 2*time.Minute, "nothing fails", func() error { // the processor joins its group a moment after
		_, err := good.CommandWith(t.Context(), nil, "doctor")
		return err
	})
	for _, f := range consult(t, good, nil) {
		if f.Verdict == doctor.Fail || f.Verdict == doctor.Warn && f.Check != "data-folder" && f.Check != "state-folder" { // a laptop's disk may be full
			t.Errorf("nothing is wrong, and it says: %+v", f)
		}
	}
	all := slices.Concat(kafkaMistakes, clickhouseMistakes, localMistakes)
	if len(all) < 20 {
		t.Errorf("only %d misconfigurations", len(all))
	}
	for _, m := range all {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			findings := consult(t, good, m.wrong(t, good))
			at := slices.IndexFunc(findings, func(f doctor.Finding) bool { return f.Check == m.check })
			if at < 0 {
				t.Fatalf("no check %s", m.check)
			}
			f := findings[at]
			if todo := strings.Join(f.ToDo, "\n"); f.Verdict != m.verdict || !strings.Contains(f.Detail, m.says) || !strings.Contains(todo, m.doc) {
				t.Errorf("got  %s %q, to do %q\nwant %s %q, to do %q", f.Verdict, f.Detail, todo, m.verdict, m.says, m.doc)
			}
			if text, err := json.Marshal(findings); err != nil || strings.Contains(string(text), secret) {
				t.Errorf("a password is told: %s %v", text, err)
			}
		})
	}
}

// consult runs the doctor; the exit code must be 1 exactly when something failed.
func consult(t *testing.T, p *harness.Pipeline, variables []string) []doctor.Finding {
	t.Helper()
	out, err := p.CommandWith(t.Context(), variables, "doctor", "--json", "--limit", "10s")
	return findings(t, out, err)
}

func findings(t *testing.T, out string, err error) []doctor.Finding {
	t.Helper()
	var answer struct {
		Good     bool
		Findings []doctor.Finding
	}
	if e := json.Unmarshal([]byte(out), &answer); e != nil || answer.Good != (err == nil) {
		t.Fatalf("%v, %v:\n%s", e, err, out)
	}
	return answer.Findings
}

// file writes a file of its own.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDoctorCountsOpenFiles runs the doctor under a limit of open files, as a login shell may have.
func TestDoctorCountsOpenFiles(t *testing.T) {
	command := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -n 512; exec "$0" doctor --json --limit 1s`, harness.Binary(t))
	command.Env = append(os.Environ(), "THROUGHLINE_KAFKA_BROKERS=127.0.0.1:1", "THROUGHLINE_CLICKHOUSE_DSN=http://127.0.0.1:1/x")
	out, err := command.Output()
	for _, f := range findings(t, string(out), err) {
		if f.Check == "open-files" && (f.Verdict != doctor.Warn || !strings.Contains(f.Detail, "512 may be open") || !strings.Contains(f.ToDo[0], "LimitNOFILE=11024")) {
			t.Errorf("%+v", f)
		}
	}
}
