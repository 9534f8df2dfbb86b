package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/throughline/throughline/deploy/doctor"
)

func TestDoctor(t *testing.T) {
	t.Chdir(t.TempDir())
	newRig(t)
	t.Setenv("THROUGHLINE_CLICKHOUSE_DSN", "http://127.0.0.1:1/throughline")
	t.Setenv("THROUGHLINE_PROCESSOR_ADMIN_LISTEN", "127.0.0.1:1")
	t.Setenv("THROUGHLINE_COLLECTOR_LISTN", ":80")
	t.Setenv("THROUGHLINE_COLLECTOR_MAX_EVENTS", "many")
	t.Setenv("THROUGHLINE_PROCESSOR_FLUSH_RECORDS", "0")
	code, out, said := run("doctor")
	if code != exitFailed || said != "" {
		t.Errorf("code %d, %q", code, said)
	}
	for _, text := range []string{
		`THROUGHLINE_COLLECTOR_MAX_EVENTS="many"`, "THROUGHLINE_PROCESSOR_FLUSH_RECORDS must be",
		"rename THROUGHLINE_COLLECTOR_LISTN to THROUGHLINE_COLLECTOR_LISTEN",
		"ok       kafka", "ok       topics", "ok       topic-settings", "FAIL     clickhouse ", "skipped  clock", "ok       collector",
		"FAIL     processor", "FAIL     consumer-group", "What to do:", "throughline up",
	} {
		if !strings.Contains(out, text) {
			t.Errorf("no %q in\n%s", text, out)
		}
	}
}

func TestDoctorGood(t *testing.T) {
	t.Chdir(t.TempDir())
	r := newRig(t)
	t.Setenv("THROUGHLINE_COLLECTOR_LISTEN", strings.TrimPrefix(r.url, "http://"))
	t.Setenv("THROUGHLINE_PROCESSOR_ADMIN_LISTEN", "127.0.0.1:0")
	code, out, said := run("doctor", "--json", "--skip", "clickhouse,clickhouse-tables,clickhouse-access,clickhouse-disks,clock,rebuilds,processor,consumer-group,engine-library")
	var answer struct {
		Good     bool
		Findings []doctor.Finding
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != exitOK || !answer.Good || len(answer.Findings) != 17 {
		t.Errorf("code %d, %v: %s%s", code, err, out, said)
	}
}

func TestDoctorUnknownSkip(t *testing.T) {
	if code, _, said := run("doctor", "--skip", "kafak"); code != exitUsage || !strings.Contains(said, "the checks are configuration, ") {
		t.Errorf("code %d: %s", code, said)
	}
}
