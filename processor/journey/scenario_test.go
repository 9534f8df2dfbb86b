package journey

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/throughline/throughline/schemas/stages"
)

// TestScenarios runs the files of testdata. A block is a `build` with options as arguments and one touch a line:
//
//	<time since midnight of 2026-05-01 UTC> <message id> [stage] [passive] [channel=…] [campaign=…] [revenue=…] [received=…]
//
// and what it must give, times written in the same way. -rewrite writes what it gives.
func TestScenarios(t *testing.T) {
	datadriven.Walk(t, "testdata/scenarios", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			o := scenarioOptions(t, d)
			var set Set
			for line := range strings.Lines(d.Input) {
				touch := scenarioTouch(t, strings.Fields(line))
				set.Add(&touch)
			}
			set.Sort()
			var rows Rows
			NewBuilder(&o).Build(customer, &set, &rows)
			return render(&rows, &set)
		})
	})
}

var dayOne = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

func scenarioOptions(t *testing.T, d *datadriven.TestData) Options {
	o := Options{SessionGap: 30 * minute, JourneyTimeout: 30 * day, RepeatIsLoyalty: true}
	for _, arg := range d.CmdArgs {
		switch value := strings.Join(arg.Vals, ","); arg.Key {
		case "split_on_campaign":
			o.SplitOnCampaign = true
		case "midnight":
			o.Midnight = mustZone(value)
		case "max_length":
			o.SessionMaxLength = millis(t, value)
		case "cycle":
			o.CloseOnPurchase = value == "purchase"
		case "repeat_purchase":
			o.RepeatIsLoyalty = value == "loyalty"
		default:
			t.Fatalf("unknown option %s", arg.Key)
		}
	}
	return o
}

func millis(t *testing.T, text string) int64 {
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d.Milliseconds()
}

func scenarioTouch(t *testing.T, fields []string) Touch {
	at := dayOne.UnixMilli() + millis(t, fields[0])
	touch := Touch{OccurredAt: at, ReceivedAt: at * 1000, MessageID: PackMessageID(fields[1])}
	for _, field := range fields[2:] {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "passive":
			touch.Passive = true
		case "channel":
			touch.Channel = value
		case "campaign":
			touch.Campaign = value
		case "revenue":
			_, err := fmt.Sscan(value, &touch.Revenue)
			if err != nil {
				t.Fatal(err)
			}
		case "received":
			touch.ReceivedAt = (dayOne.UnixMilli() + millis(t, value)) * 1000
		default:
			stage, err := stages.ParseStage(key)
			if err != nil {
				t.Fatal(err)
			}
			touch.Stage = stage
		}
	}
	return touch
}

// render writes rows for people; a row is named after the touch that it begins with.
func render(rows *Rows, set *Set) string {
	var out strings.Builder
	name := func(tag byte, id ID) string {
		var n namer
		n.reset(customer)
		for i := range set.Touches {
			if n.id(tag, &set.Touches[i]) == id {
				return set.Touches[i].MessageID.Text()
			}
		}
		return "?"
	}
	for _, s := range rows.Sessions {
		fmt.Fprintf(&out, "session %s %s to %s covered to %s: %d touches, %d interactions, %s>%s, journey %s%s\n", name(tagSession, s.ID),
			clock(s.StartedAt), clock(s.EndedAt), clock(s.CoveredUntil), s.Touchpoints, s.Interactions, orNone(s.EntryStage), orNone(s.FurthestStage),
			name(tagJourney, s.JourneyID), texts(" by ", s.EntryChannel, s.EntryCampaign))
	}
	for _, j := range rows.Journeys {
		fmt.Fprintf(&out, "journey %s cycle %d %s to %s: %d touches in %d sessions, %s>%s now %s, depth %d, %d purchases of %d%s%s%s\n",
			name(tagJourney, j.ID), j.Cycle, clock(j.StartedAt), clock(j.EndedAt), j.Touchpoints, j.Sessions, orNone(j.EntryStage), orNone(j.FurthestStage),
			orNone(j.CurrentStage), j.Depth, j.Purchases, j.Revenue, won(j.Won),
			texts(" first by ", j.FirstChannel, j.FirstCampaign), texts(" last by ", j.LastChannel, j.LastNonDirectChannel))
	}
	for _, tr := range rows.Transitions {
		fmt.Fprintf(&out, "transition %d %s>%s at %s after %s, %s%s\n", tr.Seq, start(tr.From), tr.To, clock(tr.At), time.Duration(tr.Dwell)*time.Millisecond,
			[...]string{"", "forward", "skip", "back"}[tr.Kind], texts(" by ", tr.Channel, tr.Campaign))
	}
	return out.String()
}

func clock(ms int64) string { return time.UnixMilli(ms).Sub(dayOne).String() }

func orNone(s stages.Stage) string {
	if s == stages.None {
		return "none"
	}
	return s.String()
}

func start(s stages.Stage) string {
	if s == stages.None {
		return "start"
	}
	return s.String()
}

func won(w bool) string {
	if w {
		return ", won"
	}
	return ""
}

func texts(before string, all ...string) string {
	if strings.Join(all, "") == "" {
		return ""
	}
	return before + strings.Join(all, "/")
}
