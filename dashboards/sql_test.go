package dashboards_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/throughline/throughline/dashboards"
)

// single are the variables with exactly one value; all others may be All, which has no list of values.
var single = map[string]bool{"customer": true, "steps": true, "window": true}

var (
	comment  = regexp.MustCompile(`(?m)--.*$`)
	filtered = regexp.MustCompile(`\$__conditionalAll\(((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*), \$(\w+)\)`)
	used     = regexp.MustCompile(`\$\{(\w+):singlequote\}`)
	late     = regexp.MustCompile(`\$__(timeFrom|timeTo|timeGroup|columns|perSecond\w*|lttb|adHocFilters)`)
	limited  = regexp.MustCompile(`(?m)^LIMIT \d+$`)
	ordered  = regexp.MustCompile(`(?m)^ORDER BY `)
	rows     = regexp.MustCompile(`(?m)^(GROUP BY|ORDER BY|ARRAY JOIN) `)
)

// TestSQLKeepsTheRules holds every file to what the plugin and its older versions ask.
func TestSQLKeepsTheRules(t *testing.T) {
	for _, q := range dashboards.Queries() {
		name := q.Dashboard + "/" + q.Panel
		if !strings.HasPrefix(q.SQL, "-- ") {
			t.Errorf("%s does not begin with a comment that explains it", name)
		}
		for _, c := range comment.FindAllString(q.SQL, -1) {
			if strings.Contains(c, "$") {
				t.Errorf("%s has a macro in a comment, which older plugins expand: %s", name, c)
			}
		}
		if m := late.FindString(q.SQL); m != "" {
			t.Errorf("%s uses %s, which needs a new plugin", name, m)
		}
		rest := filtered.ReplaceAllStringFunc(q.SQL, func(s string) string {
			m := filtered.FindStringSubmatch(s)
			if inside := used.FindStringSubmatch(m[1]); inside == nil || inside[1] != m[2] {
				t.Errorf("%s: the condition and the variable differ: %s", name, s)
			}
			return ""
		})
		for _, m := range used.FindAllStringSubmatch(rest, -1) {
			if !single[m[1]] {
				t.Errorf("%s uses %s outside $__conditionalAll: All would list every value", name, m[1])
			}
		}
		if !strings.Contains(q.SQL, "$__timeFilter(") && !strings.Contains(q.SQL, "$__fromTime") && !strings.Contains(q.SQL, "${customer:singlequote}") {
			t.Errorf("%s is bounded neither by time nor by customer", name)
		}
		if rows.MatchString(q.SQL) && (!ordered.MatchString(q.SQL) || !limited.MatchString(q.SQL) && !few[name]) {
			t.Errorf("%s gives rows without ORDER BY or LIMIT", name)
		}
	}
}

// few have as many rows as there are stages, or pairs of them, or steps that were typed in.
var few = map[string]bool{
	"journey-funnel/funnel": true, "journey-funnel/standing": true, "journey-funnel/time_in_stage": true, "journey-funnel/customers": true,
	"journey-funnel/event_funnel": true, "stage-transitions/matrix": true, "stage-transitions/flows": true, "stage-transitions/dwell": true,
	"stage-transitions/graph_nodes": true, "stage-transitions/graph_edges": true,
}
