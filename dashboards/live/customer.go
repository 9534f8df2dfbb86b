package live

import (
	"context"
	_ "embed" // for ownerSQL
	"net/http"
	"time"

	"github.com/throughline/throughline/dashboards"
)

// Timeline is what is known of one customer, as the panels of the dashboard customer show it.
type Timeline struct {
	Customer    string `json:"customer"`
	Summary     Table  `json:"summary"`
	Journeys    Table  `json:"journeys"`
	Touchpoints Table  `json:"touchpoints"`
}

// customer answers with all that is known of a customer, whatever the time range: site and id. An anonymous id without journeys of its own
// whose only user is known gives that user.
func (p *Page) customer(w http.ResponseWriter, r *http.Request) {
	site, id := r.URL.Query().Get("site"), r.URL.Query().Get("id")
	if site == "" || id == "" || len(site) > mostLetters || len(id) > 4*mostLetters {
		http.Error(w, "want site and id", http.StatusBadRequest)
		return
	}
	t, err := p.timeline(r.Context(), site, id)
	if err == nil && len(t.Summary.Rows) == 0 {
		var owners Table
		owners, err = p.click(r.Context(), ownerSQL, map[string]string{"site": site, "of": id})
		if err == nil && len(owners.Rows) == 1 {
			t, err = p.timeline(r.Context(), site, owners.Rows[0][0].(string))
		}
	}
	if err != nil {
		http.Error(w, trouble(err), http.StatusServiceUnavailable)
		return
	}
	p.reply(w, t)
}

//go:embed sql/owner.sql
var ownerSQL string

// timeline asks the panels about one customer.
func (p *Page) timeline(ctx context.Context, site, id string) (Timeline, error) {
	always := Filter{from: time.Unix(0, 0), to: time.Now().Add(24 * time.Hour), chosen: dashboards.Variables{"site": {site}, "customer": {id}}}
	t := Timeline{Customer: id}
	for panel, into := range map[string]*Table{"summary": &t.Summary, "journeys": &t.Journeys, "timeline": &t.Touchpoints} {
		sql, err := question{panel, "customer", panel}.sql(always, time.Now())
		if err != nil {
			return t, err
		}
		if *into, err = p.click(ctx, sql, nil); err != nil {
			return t, err
		}
	}
	return t, nil
}

// broken answers when a question of ours cannot be asked.
func (p *Page) broken(w http.ResponseWriter, err error) {
	p.log.Error("live page", "error", err)
	http.Error(w, "the question cannot be asked", http.StatusInternalServerError)
}
