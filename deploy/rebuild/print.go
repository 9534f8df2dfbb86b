package rebuild

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/throughline/throughline/deploy/terminal"
	"github.com/throughline/throughline/processor"
	"github.com/throughline/throughline/schemas/stages"
)

// eventsShown is how many events are listed.
const eventsShown = 15

// Print writes the difference for a reader at a terminal.
func Print(w io.Writer, r *processor.RebuildReport) error {
	var out strings.Builder
	fmt.Fprintf(&out, "site %s, stage rules %s\n\n", terminal.Clean(r.Site), terminal.Clean(r.RulesVersion))
	rows := [][]string{{"", "before", "after", "difference"}}
	for i, c := range r.Reached {
		rows = append(rows, countRow("reached "+stages.Stage(i+1).String(), c))
	}
	rows = append(rows, countRow("transitions", r.Transitions), countRow("journeys", r.Journeys), countRow("sessions", r.Sessions))
	table(&out, rows)
	fmt.Fprintf(&out, "\n%s of %s touchpoints get another stage, or the same by another rule; %s of %s customers have other rows\n",
		number(r.ChangedTouchpoints), number(r.Touchpoints), number(r.ChangedCustomers), number(r.Customers))
	printEvents(&out, r)
	printSample(&out, r)
	_, err := io.WriteString(w, out.String())
	return err
}

func countRow(name string, c processor.Counts) []string {
	difference := ""
	switch {
	case c.After > c.Before:
		difference = "+" + number(c.After-c.Before)
	case c.After < c.Before:
		difference = "-" + number(c.Before-c.After)
	}
	return []string{name, number(c.Before), number(c.After), difference}
}

func printEvents(out *strings.Builder, r *processor.RebuildReport) {
	if len(r.Events) == 0 {
		return
	}
	out.WriteString("\nWhich events get another stage:\n\n")
	rows := [][]string{{"touchpoints", "event", "stage", "rule"}}
	for _, e := range r.Events[:min(len(r.Events), eventsShown)] {
		rows = append(rows, []string{number(e.Touchpoints), named(e.Event), stage(e.From) + " → " + stage(e.To), rule(e.Rule)})
	}
	table(out, rows)
	if more := len(r.Events) - eventsShown; more > 0 {
		fmt.Fprintf(out, "  and %d more; --json lists them\n", more)
	}
}

func printSample(out *strings.Builder, r *processor.RebuildReport) {
	if len(r.Sample) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%d of %s journeys whose stages change:\n", len(r.Sample), number(r.ChangedJourneys))
	for _, j := range r.Sample {
		fmt.Fprintf(out, "\n  %s %s\n    before  %s\n    after   %s\n    by      %s at %s: %s → %s, %s\n",
			j.Customer.Kind, terminal.Clean(j.Customer.ID), path(j.Before), path(j.After), named(j.Event.Event),
			time.UnixMilli(j.At).UTC().Format(time.DateTime), stage(j.Event.From), stage(j.Event.To), rule(j.Event.Rule))
	}
}

func path(all []stages.Stage) string {
	if len(all) == 0 {
		return "no stage"
	}
	var names []string
	for _, s := range all[:min(len(all), pathShown)] {
		names = append(names, s.String())
	}
	text := strings.Join(names, " → ")
	if more := len(all) - pathShown; more > 0 {
		text += fmt.Sprintf(" → %d more", more)
	}
	return text
}

// pathShown is how many stages of a journey are written out.
const pathShown = 10

func stage(s stages.Stage) string {
	if s == stages.None {
		return "none"
	}
	return s.String()
}

func rule(id string) string {
	if id == "" {
		return "no rule matches"
	}
	return "rule " + terminal.Clean(id)
}

func named(event string) string {
	if event == "" {
		return "(no event name)"
	}
	return `"` + terminal.Clean(event) + `"`
}

// number groups digits by three.
func number(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// table aligns cells: words to the left, columns of numbers to the right.
func table(out *strings.Builder, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	for _, row := range rows {
		line := " "
		for i, cell := range row {
			space := strings.Repeat(" ", width[i]-len([]rune(cell)))
			if numeric(rows, i) {
				line += " " + space + cell + " "
			} else {
				line += " " + cell + space + " "
			}
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// numeric tells whether a column has numbers only, below its head.
func numeric(rows [][]string, column int) bool {
	for _, row := range rows[1:] {
		if strings.Trim(row[column], "0123456789,+-") != "" {
			return false
		}
	}
	return true
}
