package terminal

import (
	"strings"
	"time"
)

// Touch is one event as it passed the collector.
type Touch struct {
	At time.Time
	// Site and Verdict: accepted, rejected or retry.
	Site, Verdict string
	// Stage and the Rule that gave it; empty when it has none.
	Stage, Rule string
	// Event is its name; Customer the user id or the anonymous id.
	Event, Customer, Channel string
	// Reason and Field say why it was refused.
	Reason, Field string
}

// ruleFrom is the width from which there is room for the rule beside the event.
const ruleFrom = 100

// Tail writes one touchpoint on one line of at most Width columns, without a line feed: time, site, verdict, stage, rule,
// event, customer, channel. A refused one has the reason in place of stage and rule; a narrow
// terminal shows no rule.
func Tail(t Touch, style Style) string {
	var out strings.Builder
	left := max(style.Width, 20)
	put := func(colour, text string, width int) {
		width = min(width, left)
		if width <= 0 {
			return
		}
		left -= width + 1
		out.WriteString(style.paint(colour, fit(orDash(text), width)))
		if left > 0 {
			out.WriteByte(' ')
		}
	}
	put(dim, t.At.Format("15:04:05.000"), 12)
	put("", t.Site, 8)
	put(verdictColour(t.Verdict), t.Verdict, 8)
	if t.Verdict == "rejected" {
		put(red, strings.TrimSpace(t.Reason+" "+t.Field), 35)
	} else {
		put(stageColour(t.Stage), t.Stage, 13)
		if style.Width >= ruleFrom {
			put(dim, t.Rule, 21)
		}
	}
	put(bold, t.Event, 24)
	put("", t.Customer, 24)
	put("", t.Channel, 14)
	return strings.TrimRight(out.String(), " ")
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return Clean(text)
}

func verdictColour(verdict string) string {
	switch verdict {
	case "accepted":
		return green
	case "rejected":
		return red
	}
	return yellow
}

func stageColour(stage string) string {
	switch stage {
	case "":
		return dim
	case "purchase", "loyalty":
		return green
	case "intent":
		return yellow
	}
	return cyan
}
