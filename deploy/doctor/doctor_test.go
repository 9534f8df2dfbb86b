package doctor

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// expect compares a finding's verdict, and that detail and steps hold the texts.
func expect(t *testing.T, f Finding, v Verdict, texts ...string) {
	t.Helper()
	all := f.Detail + "\n" + strings.Join(f.ToDo, "\n")
	if f.Verdict != v {
		t.Errorf("%s: verdict %s, want %s: %s", f.Check, f.Verdict, v, all)
	}
	for _, text := range texts {
		if !strings.Contains(all, text) {
			t.Errorf("%s: no %q in %q", f.Check, text, all)
		}
	}
	if (v == Fail || v == Warn) && len(f.ToDo) == 0 {
		t.Errorf("%s: nothing to do about %q", f.Check, f.Detail)
	}
}

// run runs one of the checks with those that it rests on.
func run(t *testing.T, checks []Check, name string) Finding {
	t.Helper()
	for _, f := range Run(t.Context(), checks, 5*time.Second) {
		if f.Check == name {
			return f
		}
	}
	t.Fatalf("no check %s", name)
	return Finding{}
}

func TestRunKeepsOrderAndSkipsWhatRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(f Finding, d time.Duration) func(context.Context) Finding {
			return func(context.Context) Finding { time.Sleep(d); return f }
		}
		begin := time.Now()
		found := Run(t.Context(), []Check{
			{Name: "a", Run: slow(good("fine"), 2*time.Second)},
			{Name: "b", Run: slow(fail("broken", "mend it"), time.Second)},
			{Name: "c", After: "b", Run: slow(good("never asked"), 0)},
			{Name: "d", After: "c", Run: slow(good("never asked"), 0)},
			{Name: "e", After: "a", Run: slow(good("fine too"), time.Second)},
			{Name: "f", After: "left out", Run: slow(good("alone"), 0)},
		}, Limit)
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("took %s: the checks do not run side by side", took)
		}
		var got []string
		for _, f := range found {
			got = append(got, f.Check+" "+string(f.Verdict)+" "+f.Detail)
		}
		want := "a ok fine, b FAIL broken, c skipped see b, d skipped see c, e ok fine too, f ok alone"
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("got  %s\nwant %s", s, want)
		}
		if !Failed(found) || Failed(found[:1]) {
			t.Error("Failed is wrong")
		}
	})
}

func TestRunGivesUpOnAHangingCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		found := Run(t.Context(), []Check{{Name: "deaf", Run: func(context.Context) Finding { <-hang; return Finding{} }}}, Limit)
		close(hang)
		expect(t, found[0], Fail, "no answer within 3s")
	})
}

func TestPrint(t *testing.T) {
	var out strings.Builder
	err := Print(&out, []Finding{
		{Check: "kafka", Verdict: OK, Detail: "1 broker"},
		{Check: "clickhouse", Verdict: Fail, Detail: "re\x1b[31mfused\n", ToDo: []string{"start it", "look"}},
		{Check: "clock", Verdict: Skipped, Detail: "see clickhouse"},
	})
	want := `ok       kafka       1 broker
FAIL     clickhouse  re\x1b[31mfused\n
skipped  clock       see clickhouse

What to do:
  clickhouse  start it
  clickhouse  look
`
	if err != nil || out.String() != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, out.String(), want)
	}
}

func TestPrintJSON(t *testing.T) {
	var out strings.Builder
	if err := PrintJSON(&out, []Finding{fail("<broken>", "a & b")}); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Good     bool
		Findings []Finding
	}
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil || back.Good || back.Findings[0].ToDo[0] != "a & b" {
		t.Errorf("%v: %s", err, out.String())
	}
}
