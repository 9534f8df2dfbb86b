package live

import (
	"net/http"
	"time"

	"github.com/throughline/throughline/dashboards"
)

// Timeline is what is known of one customer, as the panels of the dashboard customer show it.
type Timeline struct {
	Summary     Table `json:"summary"`
	Journeys    Table `json:"journeys"`
	Touchpoints Table `json:"touchpoints"`
}

// customer answers with all that is known of a customer, whatever the time range: site and id.
func (p *Page) customer(w http.ResponseWriter, r *http.Request) {
	site, id := r.URL.Query().Get("site"), r.URL.Query().Get("id")
	if site == "" || id == "" || len(site) > mostLetters || len(id) > 4*mostLetters {
		http.Error(w, "want site and id", http.StatusBadRequest)
		return
	}
	always := Filter{from: time.Unix(0, 0), to: time.Now().Add(24 * time.Hour), chosen: dashboards.Variables{"site": {site}, "customer": {id}}}
	var t Timeline
	for panel, into := range map[string]*Table{"summary": &t.Summary, "journeys": &t.Journeys, "timeline": &t.Touchpoints} {
		sql, err := question{panel, "customer", panel}.sql(always, time.Now())
		if err != nil {
			p.broken(w, err)
			return
		}
		if *into, err = p.click(r.Context(), sql, nil); err != nil {
			http.Error(w, trouble(err), http.StatusServiceUnavailable)
			return
		}
	}
	p.reply(w, t)
}

// broken answers when a question of ours cannot be asked.
func (p *Page) broken(w http.ResponseWriter, err error) {
	p.log.Error("live page", "error", err)
	http.Error(w, "the question cannot be asked", http.StatusInternalServerError)
}
