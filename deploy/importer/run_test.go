package importer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/deploy/importer/client"
)

func mustRun(t *testing.T, o Options) Summary {
	t.Helper()
	s, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestImportSendsEveryRowOnce(t *testing.T) {
	c := &collector{}
	o := setup(t, c, 1000)
	var reports []Progress
	o.Report = func(p Progress) { reports = append(reports, p) }
	s := mustRun(t, o)
	if s.Rows != 1000 || s.Accepted != 1000 || s.Rejected != 0 || !s.Complete || s.RejectedFile != "" {
		t.Fatalf("got %+v", s)
	}
	if c.accepted() != 1000 || c.largest != 7 {
		t.Fatalf("%d ids, largest request %d", c.accepted(), c.largest)
	}
	for id, n := range c.ids {
		if n != 1 {
			t.Errorf("row %s came %d times", id, n)
		}
	}
	if last := reports[len(reports)-1]; !last.Done || last.Rows != 1000 || last.Bytes != last.Size {
		t.Errorf("last report %+v", last)
	}
	if _, err := os.Stat(o.File + ".rejected.ndjson"); err == nil {
		t.Error("a list of refused rows without any")
	}
}

func TestCompleteImportIsNotRepeatedUnlessAsked(t *testing.T) {
	c := &collector{}
	o := setup(t, c, 20)
	mustRun(t, o)
	requests := c.requests
	if s := mustRun(t, o); c.requests != requests || s.Rows != 20 || s.Resumed != 20 || !s.Complete {
		t.Fatalf("%d requests, %+v", c.requests-requests, s)
	}
	o.Restart = true
	if s := mustRun(t, o); c.ids["1"] != 2 || s.Resumed != 0 {
		t.Fatalf("row 1 came %d times, %+v", c.ids["1"], s)
	}
	o.Restart = false
	if err := os.Chtimes(o.File, time.Time{}, time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	if mustRun(t, o); c.ids["1"] != 3 {
		t.Fatal("a changed file was taken for the imported one")
	}
	other, err := ParseMapping("m.yaml", []byte(goodMapping))
	if err != nil {
		t.Fatal(err)
	}
	o.Mapping = other
	if mustRun(t, o); len(c.ids) != 40 {
		t.Fatal("another mapping was taken for the imported one")
	}
}

func TestRefusedRowsAreListedInOrder(t *testing.T) {
	c := &collector{status: func(id string) string {
		if strings.HasSuffix(id, "3") {
			return "rejected"
		}
		return "accepted"
	}}
	o := setup(t, c, 100)
	appendTo(t, o.File, "101,open,never\n102\n103,open,2024-01-01T00:00:00Z\n")
	s := mustRun(t, o)
	if s.Rows != 103 || s.Accepted != 90 || s.Rejected != 13 || s.RejectedFile != o.File+".rejected.ndjson" {
		t.Fatalf("got %+v", s)
	}
	lines := strings.Split(strings.TrimSpace(read(t, s.RejectedFile)), "\n")
	if len(lines) != 13 || lines[0] != `{"row":3,"message_id":"3","reason":"missing","field":"event"}` ||
		!strings.HasPrefix(lines[10], `{"row":101,"reason":"invalid_value","field":"timestamp","detail":"\"never\" is not a time`) ||
		!strings.HasPrefix(lines[11], `{"row":102,"reason":"not_csv"`) || !strings.Contains(lines[12], `"row":103`) {
		t.Fatalf("list:\n%s", strings.Join(lines, "\n"))
	}
}

// Stopped again and again at any point, the import ends with the same counts and the same list.
func TestInterruptedImportGoesOn(t *testing.T) {
	c := &collector{status: func(id string) string {
		if strings.HasSuffix(id, "9") {
			return "rejected"
		}
		return "accepted"
	}}
	o := setup(t, c, 600)
	o.Grace = time.Nanosecond
	var s Summary
	var err error
	runs := 0
	for ; runs < 200 && !s.Complete; runs++ {
		ctx, cancel := context.WithCancel(context.Background())
		c.after(3+runs%5, cancel)
		before := s.Rows
		s, err = Run(ctx, o)
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if s.Resumed != before || s.Rows < before {
			t.Fatalf("went from %d rows on at %d to %d", before, s.Resumed, s.Rows)
		}
	}
	if runs < 3 || !s.Complete || s.Rows != 600 || s.Accepted != 540 || s.Rejected != 60 || c.accepted() != 540 {
		t.Fatalf("after %d runs: %+v, %d ids", runs, s, c.accepted())
	}
	if lines := strings.Count(read(t, s.RejectedFile), "\n"); lines != 60 {
		t.Fatalf("%d refused rows are listed", lines)
	}
}

func TestStoppedImportFinishesRequestsUnderWay(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := &collector{before: func(n int, _ http.ResponseWriter) bool {
		cancel()
		return false
	}}
	o := setup(t, c, 1000)
	o.InFlight = 1
	s, err := Run(ctx, o)
	if !errors.Is(err, context.Canceled) || s.Complete {
		t.Fatalf("got %+v, %v", s, err)
	}
	if s.Rows == 0 || int(s.Rows) != c.accepted() {
		t.Fatalf("%d rows are done, %d were accepted", s.Rows, c.accepted())
	}
}

func TestOverloadIsWaitedOut(t *testing.T) {
	refused := map[string]bool{}
	c := &collector{status: func(id string) string {
		if !refused[id] && len(id) == 2 {
			refused[id] = true
			return "retry"
		}
		return "accepted"
	}}
	o := setup(t, c, 100)
	o.InFlight, o.Batch = 8, 50
	if s := mustRun(t, o); s.Accepted != 100 || c.accepted() != 100 {
		t.Fatalf("got %+v", s)
	}
}

func TestWrongKeyEndsTheImport(t *testing.T) {
	c := &collector{}
	o := setup(t, c, 1000)
	o.Key = "wrong"
	s, err := Run(context.Background(), o)
	var refused *client.RefusedError
	if !errors.As(err, &refused) || refused.Status != 401 || s.Rows != 0 || s.Complete {
		t.Fatalf("got %+v, %v", s, err)
	}
}

func TestLargeRowsMakeSmallerBatches(t *testing.T) {
	c := &collector{}
	o := setup(t, c, 1)
	o.Batch = 500
	long := strings.Repeat("x", 30_000)
	for i := range 100 {
		appendTo(t, o.File, fmt.Sprintf("b%d,%s,2024-01-01T00:00:00Z\n", i, long))
	}
	appendTo(t, o.File, "huge,"+strings.Repeat("x", bodyLimit)+",2024-01-01T00:00:00Z\nend,open,2024-01-01T00:00:00Z\n")
	s, err := Run(context.Background(), o)
	// The stand-in reads lines of up to 64 KB, so all but the huge one pass.
	if err != nil || s.Accepted != 102 || s.Rejected != 1 || c.largest > 31 {
		t.Fatalf("got %+v, %v, largest %d", s, err, c.largest)
	}
	if !strings.Contains(read(t, s.RejectedFile), `"row":102,"reason":"too_large"`) {
		t.Fatal(read(t, s.RejectedFile))
	}
}

func TestInputsThatCannotBeImported(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "zip": "PK\x03\x04....", "gzip": "\x1f\x8bxxxx", "twice": "id,what,at,id\n", "other": "a,b\n1,2\n",
	} {
		o := setup(t, &collector{}, 1)
		if err := os.WriteFile(o.File, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := Run(context.Background(), o); err == nil {
			t.Errorf("%s: no error, %+v", name, s)
		}
	}
	for _, change := range []func(*Options){
		func(o *Options) { o.Batch = 501 }, func(o *Options) { o.InFlight = -1 }, func(o *Options) { o.Mapping = nil },
		func(o *Options) { o.File = "" }, func(o *Options) { o.File = filepath.Dir(o.File) }, func(o *Options) { o.URL = "x" }, func(o *Options) { o.Key = "" },
	} {
		o := setup(t, &collector{}, 1)
		change(&o)
		if s, err := Run(context.Background(), o); err == nil {
			t.Errorf("%+v: no error, %+v", o, s)
		}
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
