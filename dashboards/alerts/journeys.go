package alerts

import (
	"strings"
	"time"
)

// weekly compares the last hour of a counter with the same hour of the three weeks before, where those had something to
// compare with. %m is the metric, %l its labels.
const weekly = `sum by (%l) (increase(%m[1h]))
/ (
  (
    sum by (%l) (increase(%m[1h] offset 1w))
    + sum by (%l) (increase(%m[1h] offset 2w))
    + sum by (%l) (increase(%m[1h] offset 3w))
  ) / 3 > 30
)`

func againstWeeks(metric, labels string) string {
	return strings.NewReplacer("%m", metric, "%l", labels).Replace(weekly)
}

// share is the part of stored touchpoints that a selection makes up, over a window.
func share(part, window string) string {
	return "sum by (site) (increase(" + part + "[" + window + "]))\n/ (sum by (site) (increase(throughline_processor_stored_touchpoints_total[" + window + "])) > 100)"
}

// journeys are about what the touchpoints say, not about how they travel: a tag that broke, a rule that no longer matches.
func journeys() []Rule {
	unmatched := `throughline_processor_stored_touchpoints_total{stage="none"}`
	return []Rule{
		{
			Name: "ThroughlineTrafficLow", Severity: Warn, Dashboard: Funnel,
			Expr:    againstWeeks("throughline_collector_accepted_touchpoints_total", "site"),
			Compare: Below, Threshold: 0.3, Unit: Share, For: 30 * time.Minute, Keep: 30 * time.Minute,
			Summary:     "{site} sends {value} of what it sent at this hour in the last weeks",
			Description: "Fewer visitors, or the tracking on the site is broken: a new release, a consent banner, a blocked script.",
		},
		{
			Name: "ThroughlineStageEntriesLow", Severity: Warn, Dashboard: Funnel,
			Expr:    againstWeeks("throughline_processor_stage_entries_total", "site, stage"),
			Compare: Below, Threshold: 0.5, Unit: Share, For: 30 * time.Minute, Keep: 30 * time.Minute,
			Summary:     "Only {value} of the usual journeys of {site} reach {stage} at this hour",
			Description: "Compared with the mean of the same hour one, two and three weeks ago. When it is one stage alone, look at the step into it.",
		},
		{
			Name: "ThroughlineStageEntriesHigh", Severity: Warn, Dashboard: Funnel,
			Expr:    againstWeeks("throughline_processor_stage_entries_total", "site, stage"),
			Compare: Above, Threshold: 3, Unit: Number, For: 30 * time.Minute, Keep: 30 * time.Minute,
			Summary:     "{value} times the usual journeys of {site} reach {stage} at this hour",
			Description: "A campaign, bots, or an event that fires twice.",
		},
		{
			Name: "ThroughlineLateShareHigh", Severity: Warn, Dashboard: DataQuality,
			Expr:    share("throughline_processor_late_touchpoints_total", "1h"),
			Compare: Above, Threshold: 0.2, Unit: Share, For: 30 * time.Minute, Keep: 30 * time.Minute,
			Summary:     "{value} of the touchpoints of {site} come more than half an hour late",
			Description: "The tables are exact all the same, but what dashboards show of the last hours will still change.",
		},
		{
			Name: "ThroughlineUnmatchedShareHigh", Severity: Warn, Dashboard: DataQuality,
			Expr:    share(unmatched, "1h") + "\n- (" + share(unmatched, "1w") + ")",
			Compare: Above, Threshold: 0.2, Unit: Share, For: 30 * time.Minute, Keep: 30 * time.Minute,
			Summary:     "{value} more of the touchpoints of {site} than over the last week match no stage rule",
			Description: "An event was renamed, or a new one is sent that no rule knows. It moves no journey.",
		},
	}
}
