package live

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// pageSize is how many rows of a list come at a time; deepest how far a list goes.
const (
	pageSize = 25
	deepest  = 10_000
)

// parts of a stage's bar.
var stageParts = []string{"", "dropped", "open", "skipped", "won"}

// customers lists those behind a bar or a flow: of=stage&stage=2&part=dropped, of=flow&from_stage=1&to_stage=2 or of=channel&name=email, beside the
// filter and page=0.
func (p *Page) customers(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	q, parameters, err := listed(query)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.list(w, r, q, parameters)
}

// refused lists refused events of a reason: name=invalid_id.
func (p *Page) refused(w http.ResponseWriter, r *http.Request) {
	p.list(w, r, question{"refused", "", "refused"}, map[string]string{"of": r.URL.Query().Get("name")})
}

// listed reads what a list is of.
func listed(query url.Values) (question, map[string]string, error) {
	number := func(name string, from, to int) (string, error) {
		n, err := strconv.Atoi(query.Get(name))
		if err != nil || n < from || n > to {
			return "", fmt.Errorf("%s: want a number from %d to %d", name, from, to)
		}
		return strconv.Itoa(n), nil
	}
	switch query.Get("of") {
	case "stage":
		stage, err := number("stage", 1, 5)
		if part := query.Get("part"); err == nil && !slices.Contains(stageParts, part) {
			err = fmt.Errorf("part: want one of %q", stageParts)
		}
		return question{"customers", "", "customers-of-stage"}, map[string]string{"stage": stage, "part": query.Get("part")}, err
	case "flow":
		from, err := number("from_stage", 0, 5)
		if err != nil {
			return question{}, nil, err
		}
		to, err := number("to_stage", 1, 5)
		return question{"customers", "", "customers-of-flow"}, map[string]string{"from": from, "to": to}, err
	case "channel":
		return question{"customers", "", "customers-of-channel"}, map[string]string{"of": query.Get("name")}, nil
	}
	return question{}, nil, fmt.Errorf("of: want stage, flow or channel")
}

// list answers with one page of a list, as a Table whose last column is the number of all rows.
func (p *Page) list(w http.ResponseWriter, r *http.Request, q question, parameters map[string]string) {
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if r.URL.Query().Get("page") == "" {
		page, err = 0, nil
	}
	if err != nil || page < 0 || page > deepest/pageSize {
		http.Error(w, fmt.Sprintf("page: want a number from 0 to %d", deepest/pageSize), http.StatusBadRequest)
		return
	}
	parameters["limit"], parameters["offset"] = strconv.Itoa(pageSize), strconv.Itoa(page*pageSize)
	p.answer(w, r, q, parameters)
}

// answer asks a question for the request's filter.
func (p *Page) answer(w http.ResponseWriter, r *http.Request, q question, parameters map[string]string) {
	filter, err := ParseFilter(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	sql, err := q.sql(filter, time.Now())
	if err != nil {
		p.broken(w, err)
		return
	}
	table, err := p.click(r.Context(), sql, parameters)
	if err != nil {
		http.Error(w, trouble(err), http.StatusServiceUnavailable)
		return
	}
	p.reply(w, table)
}

// click asks beside the poller; few at a time, others wait.
func (p *Page) click(ctx context.Context, sql string, parameters map[string]string) (Table, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return Table{}, ctx.Err()
	}
	return p.reader.ask(ctx, sql, parameters)
}

func (p *Page) reply(w http.ResponseWriter, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		p.log.Error("live page: encode an answer", "error", err)
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(data) // a browser that has gone needs no answer
}
