package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/suite"
)

// Ids that are found in bytes only where they are meant.
const (
	forgottenUser  = "ada-lovelace-1815"
	forgottenPhone = "phone-7f3a9c51"
	sharedKiosk    = "kiosk-55b1d2e0"
	lonelyVisitor  = "visitor-0c9e77aa"
	otherUser      = "bob-hope-1903"
)

// forgettable are the events of a person and of others, by day. With alone, only those of the others.
func forgettable(alone bool) (all []string) {
	event := func(of string, day int, id, more string) {
		if alone && of != "other" {
			return
		}
		at := time.Date(2026, 9, 1+day, 10, 0, day, 0, time.UTC).Format(time.RFC3339)
		all = append(all, fmt.Sprintf(`{"message_id": %q, "timestamp": %q, "passive": false, "event": "Product Viewed", %s}`, id, at, more))
	}
	anonymous := func(id string) string { return fmt.Sprintf(`"anonymous_id": %q`, id) }
	both := func(id, user string) string {
		return fmt.Sprintf(`"type": "identify", "anonymous_id": %q, "user_id": %q`, id, user)
	}
	event("ada", 0, "p1", anonymous(forgottenPhone))
	event("ada", 1, "p2", both(forgottenPhone, forgottenUser))
	event("ada", 2, "p3", fmt.Sprintf(`"user_id": %q, "properties": {"revenue": 10, "who": %q}`, forgottenUser, forgottenUser))
	event("ada", 3, "k1", anonymous(sharedKiosk))
	event("ada", 4, "k2", both(sharedKiosk, forgottenUser))
	event("other", 5, "k3", anonymous(sharedKiosk))
	event("other", 6, "k4", both(sharedKiosk, otherUser))
	event("other", 7, "b1", fmt.Sprintf(`"user_id": %q`, otherUser))
	event("visitor", 8, "v1", anonymous(lonelyVisitor))
	event("other", 9, "o1", anonymous("somebody-else"))
	event("other", 40, "b2", fmt.Sprintf(`"user_id": %q`, otherUser))
	return all
}

func importAll(ctx context.Context, t *testing.T, p *harness.Pipeline, events []string) {
	t.Helper()
	must(t, post(ctx, p, []byte("["+strings.Join(events, ",")+"]")))
	p.CaughtUp(t, time.Minute)
}

// refusedWith posts an event that is refused and names somebody.
func refusedWith(ctx context.Context, t *testing.T, p *harness.Pipeline, id string) {
	t.Helper()
	out, err := p.Command(ctx, "send", "--event", "x", "--user-id", id, "--property", "revenue=much")
	if err == nil {
		t.Fatalf("it was taken: %s", out)
	}
}

// holding lists the files below a folder that hold a text.
func holding(t *testing.T, dir, text string) (names []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return nil
		}
		content, err := os.ReadFile(path) // it may have been merged away meanwhile
		if err == nil && bytes.Contains(content, []byte(text)) {
			names = append(names, path)
		}
		return nil
	}))
	return names
}

// naming lists the tables with rows that hold one of the texts in any column.
func naming(t *testing.T, p *harness.Pipeline, texts ...string) (found []string) {
	t.Helper()
	for table := range strings.Lines(p.Query(t, "SELECT name FROM system.tables WHERE database = 'throughline' AND engine LIKE '%MergeTree'") + "\n") {
		table = strings.TrimSpace(table)
		rows := p.Query(t, "SELECT * FROM "+table+" FORMAT JSONEachRow")
		for _, text := range texts {
			if strings.Contains(rows, text) {
				found = append(found, table+" has "+text)
			}
		}
	}
	return found
}

// TestForget erases a user with a phone of her own and a part of a shared kiosk, and a visitor who never logged in. Nothing names them any more, in
// no table, nor in the state; the tables of others are those of a run without them; and so it stays when the state is deleted and the
// topic is replayed by a new group.
func TestForget(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	without := harness.New(t, suite.Sites)
	without.Start(t)
	importAll(ctx, t, without, forgettable(true))
	want := without.Tables(t, "main")
	without.Stop(t)

	p := harness.New(t, suite.Sites)
	p.Start(t)
	importAll(ctx, t, p, forgettable(false))
	refusedWith(ctx, t, p, forgottenUser)
	p.CaughtUp(t, time.Minute)
	if found := naming(t, p, forgottenUser, forgottenPhone, lonelyVisitor); len(found) < 8 {
		t.Fatalf("only %v", found)
	}
	out, err := p.Command(ctx, "forget", "--user", forgottenUser, "--dry-run")
	must(t, err)
	for _, part := range []string{"anonymous id " + forgottenPhone + " goes", "anonymous id " + sharedKiosk + " keeps the part of others: " + otherUser, "nothing was changed"} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
	for _, args := range [][]string{{"--user", forgottenUser}, {"--anonymous", lonelyVisitor}} {
		out, err := p.Command(ctx, append([]string{"forget", "--yes"}, args...)...)
		if err != nil || !strings.Contains(out, "no table has anything left") || !strings.Contains(out, "Kafka keeps the person's bytes") {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Log(out)
	}
	check := func(when string) {
		t.Helper()
		suite.SameTables(t, p.Tables(t, "main"), want)
		if found := naming(t, p, forgottenUser, forgottenPhone, lonelyVisitor); len(found) > 0 {
			t.Errorf("%s: %v", when, found)
		}
		if got := p.Query(t, "SELECT count(), countIf(done_at IS NOT NULL), sum(touchpoints) > 5 FROM erasures"); got != "2\t2\t1" {
			t.Errorf("%s: the audit is %q", when, got)
		}
	}
	check("erased")
	p.Stop(t)
	p.Start(t) // logs of the state from before are read and deleted
	harness.Eventually(t, 30*time.Second, "the state names nobody who was erased", func() error {
		for _, text := range []string{forgottenUser, forgottenPhone, lonelyVisitor} {
			for _, dir := range []string{"state", "spool"} {
				if names := holding(t, filepath.Join(p.Dir, dir), text); len(names) > 0 {
					return fmt.Errorf("%v hold %s", names, text)
				}
			}
		}
		return nil
	})
	if len(holding(t, filepath.Join(p.Dir, "state"), otherUser)) == 0 {
		t.Error("the state does not have the others in clear: this test finds nothing")
	}
	check("started again")
	before := offsets(ctx, t, p)
	p.Stop(t)

	must(t, os.RemoveAll(filepath.Join(p.Dir, "state")))
	p.Set("PROCESSOR_GROUP=another")
	p.Start(t)
	harness.Eventually(t, time.Minute, "the topics are replayed", func() error {
		for partition, offset := range offsets(ctx, t, p) {
			if offset < before[partition] {
				return fmt.Errorf("%s stands at %d of %d", partition, offset, before[partition])
			}
		}
		return nil
	})
	resp, err := http.Get("http://" + p.Admin + "/metrics")
	must(t, err)
	defer resp.Body.Close()
	metrics, err := io.ReadAll(resp.Body)
	must(t, err)
	if refused := regexp.MustCompile(`(?m)^throughline_processor_erased_records_total (\S+)$`).FindSubmatch(metrics); refused == nil || string(refused[1]) == "0" {
		t.Errorf("records refused: %s", refused)
	}
	// What comes now is of somebody new.
	fresh := fmt.Sprintf(`[{"message_id": "n1", "event": "Product Viewed", "user_id": %q, "anonymous_id": %q}]`, forgottenUser, forgottenPhone)
	check("replayed")
	sendNow(ctx, t, p, fresh)
	harness.Eventually(t, time.Minute, "the person is back as somebody new", func() error {
		if got := p.Query(t, "SELECT touchpoints FROM journeys WHERE customer_id = '"+forgottenUser+"'"); got != "1" {
			return fmt.Errorf("journeys of %q touchpoints", got)
		}
		return nil
	})
}

// offsets gives how far the group is in each partition.
func offsets(ctx context.Context, t *testing.T, p *harness.Pipeline) map[string]int64 {
	t.Helper()
	out, err := p.Command(ctx, "offsets")
	must(t, err)
	all := map[string]int64{}
	for line := range strings.Lines(out) {
		at := strings.LastIndexByte(strings.TrimSpace(line), ',')
		n, err := strconv.ParseInt(strings.TrimSpace(line[at+1:]), 10, 64)
		must(t, err)
		all[line[:at]] = n
	}
	return all
}

func sendNow(ctx context.Context, t *testing.T, p *harness.Pipeline, events string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "events.json")
	must(t, os.WriteFile(file, []byte(events), 0o600))
	out, err := p.Command(ctx, "send", "--file", file)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
