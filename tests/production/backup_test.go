package production

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/faults/check"
	"github.com/throughline/throughline/tests/harness"
)

// TestBackupAndRestoreOfClickHouse backs the database up while touchpoints come in, loses it and the processor's state, and restores
// it as deploy/README.md says: restore, set the group's offsets back to those of before the backup, start the processor without a
// state. What came in after the backup is replayed from Kafka; nothing is lost, nothing is there twice.
func TestBackupAndRestoreOfClickHouse(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text, err := os.ReadFile("../../deploy/compose/clickhouse/server.xml")
	if err != nil {
		t.Fatal(err)
	}
	const place = "/var/lib/clickhouse/backups/"
	if !strings.Contains(string(text), place) {
		t.Fatal("the server of deploy/compose has no folder for backups")
	}
	s := harness.NewServicesConfigured(t, "", strings.ReplaceAll(string(text), place, folder+"/"))
	server, dsn := "http://"+s.ClickHouse, "http://"+s.ClickHouse+"/throughline"
	processor := s.AddProcessor(t, 1)
	ledger := check.NewLedger()
	b := newBalancer(s.AddCollector(t, 1))
	b.ready[0].Store(true)
	load := &shoppers{balancer: b, ledger: ledger, trouble: map[string]int{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var posting sync.WaitGroup
	for n := range 3 {
		posting.Go(func() { load.run(ctx, n) })
	}
	harness.Eventually(t, 2*time.Minute, "there is something to back up", func() error {
		if n := ask(t, server, "SELECT count() FROM throughline.journeys"); n == "0" {
			return errors.New("no journeys yet")
		}
		return nil
	})
	before, err := s.CommandWith(t.Context(), nil, "offsets") // first these, then the backup: what is between is replayed
	if err != nil {
		t.Fatal(err, before)
	}
	ask(t, server, "BACKUP DATABASE throughline TO File('daily')")
	load.more(t, 100)

	ask(t, server, "DROP DATABASE throughline")
	load.more(t, 20) // it is not noticed by those who post
	processor.Kill()
	if err := os.RemoveAll(s.StateDir(1)); err != nil {
		t.Fatal(err)
	}
	stop()
	posting.Wait()
	if said := load.said(); said != "" {
		t.Error(said)
	}

	ask(t, server, "RESTORE DATABASE throughline FROM File('daily')")
	restored := ask(t, server, "SELECT count() FROM throughline.touchpoints")
	offsets := file(t, "offsets.csv", before)
	harness.Eventually(t, 2*time.Minute, "the killed processor is gone from its group", func() error {
		out, err := s.Command(t.Context(), "offsets", "set", offsets)
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	processor.Start(t)
	s.CaughtUp(t, 2*time.Minute)
	intact(t, dsn, ledger)
	if now := ask(t, server, "SELECT count() FROM throughline.touchpoints"); restored == "0" || now == restored {
		t.Errorf("%s touchpoints restored, %s after the replay: nothing was backed up, or nothing replayed", restored, now)
	}
	if out, err := s.Command(t.Context(), "migrate"); err != nil || !strings.Contains(out, "up to date") {
		t.Errorf("%v: %s", err, out)
	}
	processor.Stop(t)
}

// TestBackupAndRestoreOfUp copies the data folder of `throughline up` while it is stopped, starts it in another place, and
// compares every table; then it goes on from there.
func TestBackupAndRestoreOfUp(t *testing.T) {
	t.Parallel()
	first := harness.New(t, "")
	first.Start(t)
	send(t, first, "before", 40)
	first.CaughtUp(t, 2*time.Minute)
	want := first.Tables(t, "main")
	first.Stop(t)

	second := harness.New(t, "")
	if err := os.CopyFS(second.Dir, os.DirFS(first.Dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(first.Dir); err != nil {
		t.Fatal(err)
	}
	second.Start(t)
	second.CaughtUp(t, 2*time.Minute)
	for table, rows := range second.Tables(t, "main") {
		if rows != want[table] || rows == "" {
			t.Errorf("%s differs:\n%.500s\nwas\n%.500s", table, rows, want[table])
		}
	}
	send(t, second, "before", 40) // the state came along: these change nothing
	send(t, second, "after", 10)
	second.CaughtUp(t, 2*time.Minute)
	if got := second.Query(t, "SELECT count(), uniqExact(journey_id) FROM touchpoints"); got != "50\t10" {
		t.Errorf("touchpoints and journeys: %s", got)
	}
	second.Stop(t)
}

// send posts so many touchpoints of ten visitors by the command line.
func send(t *testing.T, p *harness.Pipeline, name string, n int) {
	t.Helper()
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, `{"message_id":"%s-%d","event":%q,"anonymous_id":"visitor-%d"}`+"\n", name, i, events[i%len(events)], i%10)
	}
	file := filepath.Join(t.TempDir(), "events")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := p.Command(t.Context(), "send", "--file", file); err != nil || !strings.Contains(out, fmt.Sprintf("%d accepted, 0 rejected", n)) {
		t.Fatalf("%v: %s", err, out)
	}
}
