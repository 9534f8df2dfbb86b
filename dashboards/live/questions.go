package live

import (
	"embed"
	"fmt"
	"time"

	"github.com/throughline/throughline/dashboards"
)

//go:embed sql/*.sql
var own embed.FS

// question is what one part of the page asks. It is a panel's, or our own file in sql/ where dashboard is empty.
type question struct{ name, dashboard, panel string }

// charts are asked again and again for each view.
var charts = []question{
	{"summary", "journey-funnel", "summary"},
	{"funnel", "journey-funnel", "funnel"},
	{"flows", "stage-transitions", "flows"},
	{"channels", "acquisition", "channels"},
	{"refusals", "data-quality", "reasons"},
	{"trend", "journey-funnel", "trend"},
}

// text gives the question's SQL, before it is expanded.
func (q question) text() (string, error) {
	if q.dashboard != "" {
		sql, found := dashboards.SQL(q.dashboard, q.panel)
		if !found {
			return "", fmt.Errorf("there is no panel %s/%s", q.dashboard, q.panel)
		}
		return sql, nil
	}
	sql, err := own.ReadFile("sql/" + q.panel + ".sql")
	if err != nil {
		return "", fmt.Errorf("read the question %s: %w", q.panel, err)
	}
	return string(sql), nil
}

// sql gives the question as it is asked for a filter.
func (q question) sql(f Filter, now time.Time) (string, error) {
	text, err := q.text()
	if err != nil {
		return "", err
	}
	sql, err := dashboards.Expand(text, f.window(now), f.chosen)
	if err != nil {
		return "", fmt.Errorf("expand the question %s: %w", q.name, err)
	}
	return sql, nil
}
