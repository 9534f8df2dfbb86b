package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

const (
	firstArrivals = 40               // shown at once
	mostArrivals  = 60               // handed on at a time; the stream is a look, not a log
	overlap       = 15 * time.Second // rows become visible out of the order in which they were received
)

// arrivals remembers what a view has been told.
type arrivals struct {
	newest time.Time // when the newest row told was received; zero before the first
	told   map[string]time.Time
	recent Table // the newest of what was told, for those who come later
}

// asking runs one statement with server-side parameters.
type asking = func(ctx context.Context, sql string, parameters map[string]string) (Table, error)

// next gives the rows that are new, newest first, and all that are recent, as JSON tables; nil when there are no new ones.
func (a *arrivals) next(ctx context.Context, ask asking, f Filter, now time.Time) (fresh, recent json.RawMessage, err error) {
	table, err := a.ask(ctx, ask, f, now)
	if err != nil {
		return nil, nil, err
	}
	if table.Rows = a.fresh(table, now); len(table.Rows) == 0 {
		return nil, nil, nil
	}
	all := append(slices.Clone(table.Rows), a.recent.Rows...)
	a.recent = Table{Columns: table.Columns, Rows: all[:min(len(all), mostArrivals)]}
	if fresh, err = json.Marshal(table); err == nil {
		recent, err = json.Marshal(a.recent)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("encode arrivals: %w", err)
	}
	return fresh, recent, nil
}

// ask reads what was received since, with an overlap.
func (a *arrivals) ask(ctx context.Context, ask asking, f Filter, now time.Time) (Table, error) {
	sql, err := question{"arrivals", "", "arrivals"}.sql(f, now)
	if err != nil {
		return Table{}, err
	}
	since, limit := now.Add(-24*time.Hour), firstArrivals
	if !a.newest.IsZero() {
		since, limit = a.newest.Add(-overlap), mostArrivals
	}
	table, err := ask(ctx, sql, map[string]string{
		"since": strconv.FormatInt(since.UnixMicro(), 10), "limit": strconv.Itoa(limit), "refused": strconv.FormatBool(f.sitesOnly()),
	})
	if err != nil {
		return Table{}, fmt.Errorf("ask for arrivals: %w", err)
	}
	return table, nil
}

// fresh keeps the rows that were not told before. The second column is when a row was received, the last one names it.
func (a *arrivals) fresh(t Table, now time.Time) [][]any {
	if a.told == nil {
		a.told = map[string]time.Time{}
	}
	rows := t.Rows[:0]
	for _, row := range t.Rows {
		id, _ := row[len(row)-1].(string)
		if _, known := a.told[id]; !known {
			rows = append(rows, row)
		}
		text, _ := row[1].(string)
		if received, err := time.Parse(time.RFC3339Nano, text); err == nil && received.After(a.newest) {
			a.newest = received
		}
		a.told[id] = now
	}
	for id, at := range a.told {
		if now.Sub(at) > 2*overlap {
			delete(a.told, id)
		}
	}
	return rows
}
