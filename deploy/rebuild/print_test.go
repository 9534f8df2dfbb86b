package rebuild

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/processor"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

var update = flag.Bool("update", false, "write the golden texts")

func example() *processor.RebuildReport {
	change := processor.EventChange{Event: "Size \x1b[2J Guide", To: stages.Intent, Rule: "size-guide", Touchpoints: 1234}
	r := &processor.RebuildReport{
		Site: "shop", RulesVersion: "shop-2+builtin-1", Transitions: processor.Counts{Before: 20000, After: 21500}, Journeys: processor.Counts{Before: 900, After: 900},
		Sessions: processor.Counts{Before: 1200, After: 1200}, Customers: 800, ChangedCustomers: 70, ChangedJourneys: 64, Touchpoints: 1234567, ChangedTouchpoints: 1300,
		Events: []processor.EventChange{change, {From: stages.Purchase, Touchpoints: 66}},
		Sample: []processor.JourneyChange{
			{Customer: touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: "ada"}, Before: []stages.Stage{1, 4}, After: []stages.Stage{1, 3, 4}, At: 1767225600000, Event: change},
			{Customer: touchpoint.Customer{Site: "shop", Kind: touchpoint.KindAnonymous, ID: "v\n1"}, After: make([]stages.Stage, 12), At: 1767225600000, Event: change},
		},
	}
	for i := range r.Sample[1].After {
		r.Sample[1].After[i] = stages.Stage(1 + i%2)
	}
	for i := range r.Reached {
		r.Reached[i] = processor.Counts{Before: uint64(1000 - 10*i), After: uint64(1000 - 11*i)}
	}
	return r
}

func TestPrint(t *testing.T) {
	var out bytes.Buffer
	if err := Print(&out, example()); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/report.txt"
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("printed\n%s\nwant\n%s", out.String(), want)
	}
	if strings.ContainsRune(out.String(), 0x1b) {
		t.Error("an event's escape sequence reaches the terminal")
	}
}

func TestPlainLinesComeNowAndThen(t *testing.T) {
	var out bytes.Buffer
	last := time.Now()
	tell := plainLines(&out, func() time.Time { return last })
	for i := range 30 {
		last = last.Add(time.Second)
		tell(processor.RebuildProgress{Step: "journeys", Done: uint64(i) * 1000, Of: 60000})
	}
	if n := strings.Count(out.String(), "\n"); n != 6 || !strings.HasPrefix(out.String(), "7 %  journeys: 4,000 of 60,000 touchpoints read\n") {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}
