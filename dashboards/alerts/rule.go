// Package alerts takes one description of every alert and gives it in two forms: rules of Prometheus (prometheus.yaml) and rules that
// Grafana is provisioned with (grafana.yaml). Symptoms page somebody, causes warn; each links to its heading in the runbook.
package alerts

import (
	"strings"
	"time"
	"unicode"
)

//go:generate go run ./generate

// Severity says who is told, and how loudly.
type Severity string

const (
	// Page is for what users feel, or will within hours: somebody is woken.
	Page Severity = "page"
	// Warn is for causes and for what can wait for the morning.
	Warn Severity = "warning"
)

// Compare is how the value of an expression is held against the threshold.
type Compare string

// The two that Prometheus and Grafana share.
const (
	Above Compare = "gt"
	Below Compare = "lt"
)

// Unit is how a value reads in a text.
type Unit string

// A plain number, a share of 1, and seconds.
const (
	Number  Unit = "humanize"
	Share   Unit = "humanizePercentage"
	Seconds Unit = "humanizeDuration"
)

// Dashboard is the uid of a dashboard.
type Dashboard string

// The dashboards that alerts lead to.
const (
	Pipeline    Dashboard = "throughline-pipeline"
	Store       Dashboard = "throughline-store"
	DataQuality Dashboard = "throughline-data-quality"
	Funnel      Dashboard = "throughline-journey-funnel"
)

// Rule is one alert.
type Rule struct {
	Name     string
	Severity Severity
	// Expr gives a value for each series that may be in trouble; nothing at all means that all is well.
	Expr      string
	Compare   Compare
	Threshold float64
	Unit      Unit
	// For is how long it must last. Keep is how long it goes on after that has ended, so that an alert does not flap.
	For, Keep time.Duration
	// Summary and Description may name labels, as {site}, and the {value}.
	Summary, Description string
	Dashboard            Dashboard
}

// Group is the rules that are evaluated together.
type Group struct {
	Name  string
	Every time.Duration
	Rules []Rule
}

// All gives every group.
func All() []Group {
	return []Group{
		{"throughline-symptoms", 30 * time.Second, symptoms()},
		{"throughline-causes", 30 * time.Second, causes()},
		{"throughline-servers", 30 * time.Second, servers()},
		{"throughline-journeys", time.Minute, journeys()},
	}
}

// Runbook is where the headings of the alerts are.
const Runbook = "https://github.com/throughline/throughline/blob/main/dashboards/runbook.md"

// Anchor is the runbook's heading of an alert, as GitHub and others make it from the text.
func (r *Rule) Anchor() string { return strings.ToLower(r.Name) }

// RunbookURL leads to the heading.
func (r *Rule) RunbookURL() string { return Runbook + "#" + r.Anchor() }

// happened counts what a counter has gone up by within a window, by labels. The first value of a new series counts too: increase()
// does not see what happened before the first scrape.
func happened(metric, by, window string) string {
	return "sum by (" + by + ") ((increase(" + metric + "[" + window + "]) > 0) or (" + metric + " unless " + metric + " offset " + window + "))"
}

// uid names the rule for Grafana: the name with hyphens.
func (r *Rule) uid() string {
	var b strings.Builder
	var before rune
	for _, c := range r.Name {
		if unicode.IsUpper(c) && unicode.IsLower(before) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(c))
		before = c
	}
	return b.String()
}
