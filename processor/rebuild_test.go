package processor

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/stitching"
)

var rebuilds = flag.Int("rebuilds", 60/scale, "populations to try in TestRebuiltTablesEqualOracle")

// someRules makes rules that look at types and channels.
func someRules(t *testing.T, r *rand.Rand, version string) *stages.Rules {
	t.Helper()
	text := strings.Builder{}
	fmt.Fprintf(&text, "version: %q\ndate: 2026-01-01\nrules:\n", version)
	for i := range 1 + r.IntN(5) {
		fmt.Fprintf(&text, "  - id: r%d\n    stage: %s\n    when:\n      type: %s\n", i, stages.Stage(1+r.IntN(5)), []string{"track", "page", "identify", "alias"}[r.IntN(4)])
		if channel := r.IntN(3); channel > 0 {
			fmt.Fprintf(&text, "      channel: %s\n", []string{"email", "direct"}[channel-1])
		}
	}
	rules, err := stages.Load([]byte(text.String()))
	must(t, err)
	return rules
}

// bookOf has the rules for every site.
func bookOf(t *testing.T, rules *stages.Rules) *rulebook {
	t.Helper()
	book, err := newRulebook(sites.Default(), func(string) (*stages.Rules, error) { return rules, nil })
	must(t, err)
	book.other.options.RulesDate = 0 // else all versions are that date
	for _, site := range book.sites {
		site.options.RulesDate = 0
	}
	return book
}

// torn is a store whose writes fail now and then, with some of the rows written.
type torn struct {
	*memory
	r        *rand.Rand
	failures int // of a hundred
}

func (s *torn) Write(ctx context.Context, batches ...*store.Batch) error {
	if s.r.IntN(100) >= s.failures {
		return s.memory.Write(ctx, batches...)
	}
	for _, b := range batches {
		some := store.Batch{Touchpoints: b.Touchpoints[:s.r.IntN(len(b.Touchpoints)+1)]}
		if s.r.IntN(2) == 0 {
			some.Transitions = b.Transitions
		}
		if s.r.IntN(2) == 0 {
			some.Journeys = b.Journeys
		}
		if err := s.memory.Write(ctx, &some); err != nil {
			return err
		}
	}
	return errAway
}

func (s *torn) NoteRebuild(ctx context.Context, step store.RebuildStep) error {
	if s.r.IntN(100) < s.failures {
		return errAway
	}
	return s.memory.NoteRebuild(ctx, step)
}

func newTestRebuild(t *testing.T, rows RebuildStore, rules *stages.Rules) *Rebuild {
	t.Helper()
	var site *sites.Site
	for s := range sites.Default().All() {
		site = s
	}
	r, err := NewRebuild(RebuildDeps{Logger: quiet(), Site: site, Rules: rules, Store: rows, Sample: 5})
	must(t, err)
	r.rules.options.RulesDate = 0
	return r
}

// TestRebuiltTablesEqualOracle processes a part of a population under some rules, rebuilds the tables under others while it is cut
// off again and again, now and then for a third set of rules first, and processes the rest under the new rules, contributions of
// before among it. In the end the tables are those of somebody who had the new rules from the start.
func TestRebuiltTablesEqualOracle(t *testing.T) {
	cutOff := 0
	for seed := *firstPopulation; seed < *firstPopulation+uint64(*rebuilds); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 21))
			population := stitching.New(r, 1+r.IntN(5), 1+r.IntN(25))
			for _, tp := range population.Touchpoints { // a copy has the stage of its message
				if len(tp.MessageId)%2 == 1 || tp.MessageId[len(tp.MessageId)-1]%3 > 0 {
					tp.Stage = 0
				}
			}
			before, after := someRules(t, r, "a"), someRules(t, r, "b")
			c := newCluster(t, r, bookOf(t, before), seed)
			records := population.Records()
			stop := r.IntN(len(records) + 1)
			if r.IntN(2) == 0 {
				stop = len(records) // what is not rebuilt rightly is not written again
			}
			feed := func(records []*touchpoint.Record) {
				for _, record := range records {
					c.feed(record)
				}
			}
			feed(records[:stop])
			settled := r.IntN(3) == 0
			if settled {
				c.settle()
			} else if r.IntN(2) == 0 {
				c.settleBut(r.IntN(len(c.logs))) // to which contributions are on their way
			}
			clear(c.owners)
			rows := &torn{memory: c.memory, r: r, failures: []int{0, 30, 30}[r.IntN(3)]}
			if r.IntN(3) == 0 {
				_, err := newTestRebuild(t, rows, someRules(t, r, "c")).Run(t.Context())
				if err != nil && !errors.Is(err, errAway) {
					t.Fatal(err)
				}
			}
			gap := []int64{30, 30, 1}[r.IntN(3)] * 60_000 // the option of the site is another one, too
			rebuild := func(rows RebuildStore) *Rebuild {
				b := newTestRebuild(t, rows, after)
				b.rules.options.SessionGap, b.deps.All = gap, gap < 30*60_000
				return b
			}
			foreseen, err := rebuild(rows).Compare(t.Context())
			must(t, err)
			for {
				if _, err = rebuild(rows).Run(t.Context()); !errors.Is(err, errAway) {
					break
				}
				cutOff++
				unfinished(t, c.memory)
			}
			must(t, err)
			if settled {
				c.memory.failures = 0
				foretold(t, c.memory, foreseen)
				again := rebuild(c.memory)
				again.deps.All = false
				changesNothing(t, c.memory, again)
			}
			c.rules = bookOf(t, after)
			for _, site := range c.rules.sites {
				site.options.SessionGap = gap
			}
			feed(records[stop:])
			c.settle()
			if got, want := c.memory.rows(), stitched(t, c.rules, population); !reflect.DeepEqual(got, want) {
				t.Fatalf("%d rows, want %d\n%s", len(got), len(want), firstDifference(got, want))
			}
			for _, tp := range c.memory.touchpoints {
				if stage, rule := c.rules.of(tp.Site).stage(tp.Touchpoint); !tp.Deleted && (tp.Stage != stage || tp.StageRule != rule || tp.RulesVersion != "b") {
					t.Errorf("%s has stage %s by rule %q of version %s, want %s by %q", tp.MessageId, tp.Stage, tp.StageRule, tp.RulesVersion, stage, rule)
				}
			}
		})
	}
	if *rebuilds >= 50 && cutOff == 0 {
		t.Error("no rebuild was ever cut off")
	}
	t.Logf("cut off %d times", cutOff)
}

// unfinished wants processors to stay away from half of a rebuild.
func unfinished(t *testing.T, m *memory) {
	t.Helper()
	steps, err := m.Rebuilds(t.Context())
	must(t, err)
	if _, err := rebuiltOf(steps); len(steps) > 0 && steps[len(steps)-1].Step != store.RebuildFinished && !errors.Is(err, ErrRebuilding) {
		t.Errorf("half of a rebuild is taken for a whole one: %v", err)
	}
}

// foretold compares what Compare said with the rows that are there.
func foretold(t *testing.T, m *memory, report *RebuildReport) {
	t.Helper()
	var got RebuildReport
	for _, d := range m.derived {
		if d.key.Deleted {
			continue
		}
		switch row := d.row.(type) {
		case journey.Session:
			got.Sessions.After++
		case journey.Transition:
			got.Transitions.After++
		case journey.Journey:
			got.Journeys.After++
			for s := stages.Awareness; s <= stages.Last; s++ {
				if row.StageAt[s] > 0 {
					got.Reached[s-1].After++
				}
			}
		}
	}
	same := got.Sessions.After == report.Sessions.After && got.Transitions.After == report.Transitions.After && got.Journeys.After == report.Journeys.After
	for i := range got.Reached {
		same = same && got.Reached[i].After == report.Reached[i].After
	}
	if !same {
		t.Errorf("foretold %+v, came %+v", report, got)
	}
}

// changesNothing runs the rebuild once more.
func changesNothing(t *testing.T, m *memory, again *Rebuild) {
	t.Helper()
	want, writes := m.rows(), m.writes
	report, err := again.Run(t.Context())
	must(t, err)
	if report.ChangedCustomers+report.ChangedTouchpoints > 0 || m.writes != writes || !reflect.DeepEqual(m.rows(), want) {
		t.Errorf("a second rebuild changes %d customers and %d touchpoints in %d writes", report.ChangedCustomers, report.ChangedTouchpoints, m.writes-writes)
	}
}

// TestNoRebuildWhileRowsAreDeleted: it could read a row of which the tombstone is deleted first, and write that again. One may look.
func TestNoRebuildWhileRowsAreDeleted(t *testing.T) {
	m := newMemory(1, 0)
	m.deleting = []string{store.TableTouchpoints}
	r := newTestRebuild(t, m, someRules(t, rand.New(rand.NewPCG(1, 1)), "a"))
	if _, err := r.Run(t.Context()); !errors.Is(err, ErrDeleting) || len(m.rebuilds) > 0 {
		t.Errorf("%v, noted %v", err, m.rebuilds)
	}
	_, err := r.Compare(t.Context())
	must(t, err)
}

// TestRestagedVersionsKeepTheOrder: however often a touchpoint gets another stage, its row wins over those of before, and loses
// against a copy that was received a microsecond earlier.
func TestRestagedVersionsKeepTheOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 100 {
		at := 1_790_000_000_000_000 + r.Int64N(1_000_000)
		earlier, version := touchpointVersion(at-1, []byte{byte(r.IntN(256))}), touchpointVersion(at, []byte{byte(r.IntN(256))})
		for range 2 << hashBits {
			next := restagedVersion(version)
			if next < version || next == version && version&hashMask != hashMask || next >= earlier {
				t.Fatalf("%d follows %d; a copy from before has %d", next, version, earlier)
			}
			version = next
		}
	}
}
