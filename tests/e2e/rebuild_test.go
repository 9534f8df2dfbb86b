package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/stitching"
	"github.com/throughline/throughline/tests/suite"
)

var rebuildSeed = flag.Uint64("rebuild-seed", 31, "seed of TestRebuild")

const peopleMapping = `
format: ndjson
timestamp_layouts: [unix_ms]
touchpoint:
  message_id: "{id}"
  user_id: "{user}"
  anonymous_id: "{anonymous}"
  type: "{type}"
  event: "{event}"
  timestamp: "{at}"
  channel: "{channel}"
  stage: "{stage}"
  passive: "{passive}"
`

const rulesBefore = `
version: before
date: 2026-01-01
rules:
  - {id: page, stage: awareness, when: {type: page}}
  - {id: mail, stage: consideration, when: {type: track, channel: email}}
  - {id: known, stage: intent, when: {type: identify}}
`

const rulesAfter = `
version: after
date: 2026-02-01
rules:
  - {id: mail, stage: purchase, when: {type: track, channel: email}}
  - {id: track, stage: intent, when: {type: track}}
  - {id: page, stage: consideration, when: {type: page, channel: direct}}
`

// peopleFiles writes a population to import, in two files, and the mapping.
func peopleFiles(t *testing.T, dir string) (mapping string, files []string) {
	t.Helper()
	people := stitching.New(rand.New(rand.NewPCG(*rebuildSeed, 1)), 250, 4000)
	for i, name := range []string{"early", "late"} {
		var out strings.Builder
		for _, tp := range people.Touchpoints[i*len(people.Touchpoints)*4/5 : (i+4)*len(people.Touchpoints)/5] {
			stage := ""
			if len(tp.MessageId)%5 == 0 {
				stage = strings.TrimPrefix(stages.Stage(tp.Stage).String(), "none")
			}
			line, err := json.Marshal(map[string]any{
				"id": tp.MessageId, "user": tp.UserId, "anonymous": tp.AnonymousId, "type": tp.Type, "event": tp.Event, "at": tp.OccurredAt,
				"channel": tp.Channel, "stage": stage, "passive": tp.Passive,
			})
			must(t, err)
			fmt.Fprintln(&out, string(line))
		}
		files = append(files, filepath.Join(dir, name+".ndjson"))
		must(t, os.WriteFile(files[i], []byte(out.String()), 0o644))
	}
	mapping = filepath.Join(dir, "people.yaml")
	must(t, os.WriteFile(mapping, []byte(peopleMapping), 0o644))
	return mapping, files
}

// tables dumps all that rules have a say in.
func tables(t *testing.T, p *harness.Pipeline) map[string]string {
	t.Helper()
	all := p.Tables(t, "main")
	all["rules"] = p.Query(t, "SELECT message_id, customer_id, stage, stage_rule, rules_version FROM touchpoints_log FINAL ORDER BY message_id, customer_id")
	return all
}

// TestRebuild imports people under some rules, lets more be posted while there is no processor, rebuilds the tables under others, killed
// in the middle, and wants the tables of a pipeline that had those rules from the start.
func TestRebuild(t *testing.T) {
	t.Logf("seed %d", *rebuildSeed)
	dir := t.TempDir()
	mapping, files := peopleFiles(t, dir)
	sites := map[string]string{}
	for name, text := range map[string]string{"before": rulesBefore, "after": rulesAfter} {
		file := filepath.Join(dir, name+".stages.yaml")
		must(t, os.WriteFile(file, []byte(text), 0o644))
		sites[name] = fmt.Sprintf("sites:\n  - {id: main, write_keys: [local], import_keys: [local-import], rules: %s}\n", file)
	}
	bring := func(p *harness.Pipeline, file string) {
		out, err := p.Command(t.Context(), "import", "--mapping", mapping, "--state", filepath.Join(t.TempDir(), "progress"), file)
		if err != nil || !strings.Contains(out, " 0 rejected") {
			t.Fatalf("import: %v\n%s", err, out)
		}
	}
	fresh := harness.New(t, sites["after"])
	fresh.Start(t)
	bring(fresh, files[0])
	bring(fresh, files[1])
	fresh.CaughtUp(t, 2*time.Minute)
	want := tables(t, fresh)
	fresh.Stop(t)

	p := harness.New(t, sites["before"])
	p.Start(t)
	bring(p, files[0])
	p.CaughtUp(t, 2*time.Minute)
	refuses(t, p, []string{"rebuild"}, "processors are in the group")
	unchanged := tables(t, p)
	foretold := foretells(t, p, filepath.Join(dir, "after.stages.yaml"))
	suite.SameTables(t, tables(t, p), unchanged)
	p.Stop(t)

	p.SetSites(t, sites["after"])
	p.StartWithoutProcessor(t)
	bring(p, files[1])
	killRebuild(t, p)
	refuses(t, p, []string{"processor"}, "a rebuild of the tables is not finished")
	refuses(t, p, []string{"forget", "--user", "nobody", "--yes"}, "a rebuild of the tables is not finished")
	refusesWhileDeleting(t, p)
	rebuilt(t, p)
	if got := reached(t, p); got != foretold {
		t.Errorf("the funnel is %s, foretold was %s", got, foretold)
	}
	if again := rebuilt(t, p); !strings.Contains(again, "\n0 of ") || !strings.Contains(again, "; 0 of ") {
		t.Errorf("a second rebuild says\n%s", again)
	}
	p.Stop(t)
	p.Start(t)
	p.CaughtUp(t, 2*time.Minute)
	suite.SameTables(t, tables(t, p), want)
}

func refuses(t *testing.T, p *harness.Pipeline, command []string, why string) {
	t.Helper()
	if out, err := p.Command(t.Context(), command...); err == nil || !strings.Contains(out, why) {
		t.Errorf("%v: %v, want %q in\n%s", command, err, why, out)
	}
}

// refusesWhileDeleting wants no rebuild while ClickHouse still has to delete rows.
func refusesWhileDeleting(t *testing.T, p *harness.Pipeline) {
	t.Helper()
	p.Query(t, "SYSTEM STOP MERGES sessions_log")
	p.Query(t, "ALTER TABLE sessions_log DELETE WHERE customer_id = 'nobody' SETTINGS mutations_sync = 0")
	harness.Eventually(t, time.Minute, "the rebuild waits for the deletion", func() error {
		if out, err := p.Command(t.Context(), "rebuild"); err == nil || !strings.Contains(out, "deleting rows of erased persons, from sessions_log") {
			return fmt.Errorf("%w\n%s", err, out)
		}
		return nil
	})
	p.Query(t, "SYSTEM START MERGES sessions_log")
	harness.Eventually(t, time.Minute, "the rows are deleted", func() error {
		if n := p.Query(t, "SELECT count() FROM system.mutations WHERE NOT is_done"); n != "0" {
			return fmt.Errorf("%s deletions are not done", n)
		}
		return nil
	})
}

// foretells gives how many journeys are said to reach each stage under other rules.
func foretells(t *testing.T, p *harness.Pipeline, rules string) string {
	t.Helper()
	out, err := p.CommandWith(t.Context(), nil, "rebuild", "--dry-run", "--json", "--rules", rules)
	must(t, err)
	var report struct {
		Reached []struct{ Before, After uint64 }
		Sample  []struct {
			Event struct{ Event, Rule string }
		}
	}
	must(t, json.Unmarshal([]byte(out), &report))
	var before, after []string
	for _, c := range report.Reached {
		before, after = append(before, fmt.Sprint(c.Before)), append(after, fmt.Sprint(c.After))
	}
	if now := reached(t, p); strings.Join(before, ",") != now || len(report.Sample) != 10 || report.Sample[0].Event.Event != "x" {
		t.Errorf("the funnel is %s, and the dry run says\n%s", now, out)
	}
	return strings.Join(after, ",")
}

// reached counts the journeys that reached each stage.
func reached(t *testing.T, p *harness.Pipeline) string {
	t.Helper()
	return p.Query(t, `SELECT concat_ws(',', countIf(awareness_at > 0), countIf(consideration_at > 0), countIf(intent_at > 0),
		countIf(purchase_at > 0), countIf(loyalty_at > 0)) FROM journeys_log FINAL WHERE is_deleted = 0`)
}

// killRebuild kills a rebuild once it has begun.
func killRebuild(t *testing.T, p *harness.Pipeline) {
	t.Helper()
	process := p.Run(t, "rebuild")
	harness.Eventually(t, time.Minute, "the rebuild has begun", func() error {
		if p.Query(t, "SELECT count() FROM rebuilds_log") == "0" {
			return fmt.Errorf("it has not")
		}
		return nil
	})
	process.Kill()
	if n := p.Query(t, "SELECT count() FROM rebuilds WHERE finished_at IS NULL"); n != "1" {
		t.Fatalf("%s rebuilds are unfinished: it was through before it was killed", n)
	}
}

// rebuilt rebuilds, as soon as nobody counts as a processor any more, and gives what it said.
func rebuilt(t *testing.T, p *harness.Pipeline) (out string) {
	t.Helper()
	harness.Eventually(t, time.Minute, "the rebuild is through", func() (err error) {
		if out, err = p.Command(t.Context(), "rebuild", "--sample", "2"); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		return nil
	})
	t.Log(out)
	return out
}
