package live

import (
	"fmt"
	"net/http"
	"time"

	"github.com/throughline/throughline/dashboards"
)

// About is what the page is told once.
type About struct {
	CollectorURL string `json:"collector_url"`
	WriteKey     string `json:"write_key"`
}

func (p *Page) about(w http.ResponseWriter, _ *http.Request) {
	p.reply(w, About{CollectorURL: p.cfg.CollectorURL, WriteKey: p.cfg.WriteKey})
}

// choices are the values that a filter can have, by its name, and how many touchpoints there are whatever the filters say.
type choices struct {
	Values      map[string][]string `json:"values"`
	Touchpoints any                 `json:"touchpoints"`
}

// options answers with the values of each filter that occur in the time range.
func (p *Page) options(w http.ResponseWriter, r *http.Request) {
	filter, err := ParseFilter(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	all := choices{Values: map[string][]string{}}
	for _, name := range dimensions {
		if all.Values[name], err = p.values(r, filter, name); err != nil {
			http.Error(w, trouble(err), http.StatusServiceUnavailable)
			return
		}
	}
	total, err := p.click(r.Context(), "SELECT count() FROM touchpoints_log", nil)
	if err != nil {
		http.Error(w, trouble(err), http.StatusServiceUnavailable)
		return
	}
	all.Touchpoints = total.Rows[0][0]
	p.reply(w, all)
}

// values asks what Grafana asks for the variable of the same name.
func (p *Page) values(r *http.Request, f Filter, name string) ([]string, error) {
	text, found := dashboards.SQL("variables", name)
	if !found {
		return nil, fmt.Errorf("there is no variable %s", name)
	}
	sql, err := dashboards.Expand(text, f.window(time.Now()), nil)
	if err != nil {
		return nil, fmt.Errorf("expand the variable %s: %w", name, err)
	}
	table, err := p.click(r.Context(), sql, nil)
	if err != nil {
		return nil, err
	}
	values := make([]string, 0, len(table.Rows))
	for _, row := range table.Rows {
		if value, ok := row[0].(string); ok && value != "" {
			values = append(values, value)
		}
	}
	return values, nil
}
