package terminal

import (
	"fmt"
	"strings"
	"time"
)

// Status is how the pipeline does at this moment.
type Status struct {
	// AcceptedPerSecond is the rate of accepted touchpoints, RejectedPerSecond of refused ones.
	AcceptedPerSecond, RejectedPerSecond float64
	// Stored touchpoints, that is those a query sees.
	Stored uint64
	// Lag is how many records the processor has still to take.
	Lag uint64
	// Freshness is the time from accepted to queryable; negative when unknown.
	Freshness time.Duration
	// Trouble is shown first when something is wrong: "ClickHouse is away, retrying".
	Trouble string
}

// Bounds from which freshness is shown as worth a look, and as bad.
const (
	slowFreshness = 5 * time.Second
	badFreshness  = 30 * time.Second
)

// StatusLine writes a status on one line of at most Width columns, without a line feed.
func StatusLine(s Status, style Style) string {
	fresh := "–"
	if s.Freshness >= 0 {
		fresh = span(s.Freshness)
	}
	mark, colour := "●", green
	switch {
	case s.Trouble != "":
		mark, colour = "▲ "+Clean(s.Trouble)+" ·", red
	case s.Freshness >= badFreshness:
		colour = red
	case s.Freshness >= slowFreshness:
		colour = yellow
	}
	facts := []string{count(uint64(max(0, s.AcceptedPerSecond)+0.5)) + "/s accepted"}
	if s.RejectedPerSecond > 0 {
		facts = append(facts, fmt.Sprintf("%.1f/s rejected", s.RejectedPerSecond))
	}
	facts = append(facts, count(s.Stored)+" stored", "lag "+count(s.Lag), "queryable after "+fresh)
	width := max(style.Width, 20)
	mark = cut(mark, width)
	rest := cut(" "+strings.Join(facts, " · "), width-columns(mark))
	return style.paint(colour, mark) + rest
}
