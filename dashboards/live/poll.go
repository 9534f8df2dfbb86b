package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// How often is asked.
const (
	tick       = time.Second     // at most so often, for all listeners together
	chartEvery = 3 * time.Second // the charts of a view, at most
	// rest is how much longer the poller rests than its questions took: with one thread a question, the charts of all views together take
	// at most a sixtieth of one core from the pipeline, and so do the arrivals: with all that is around them less than 5 % of a machine with two.
	rest        = 59
	longestRest = time.Minute
	// After a failure it is tried again after firstRetry, then after twice as long, and so on up to lastRetry.
	firstRetry, lastRetry = time.Second, 10 * time.Second
)

// poller asks for those who listen.
type poller struct {
	hub     *hub
	ask     asking
	metrics func(context.Context) ([]*dto.MetricFamily, error)
	log     *slog.Logger

	last     sample    // of the metrics
	trouble  string    // why ClickHouse does not answer, empty when it does
	failures int       // in a row
	charts   time.Time // from then on charts may be asked again
}

// run asks until ctx ends. While nobody looks it asks nothing.
func (p *poller) run(ctx context.Context) {
	for p.hub.wait(ctx) {
		began := time.Now()
		busy := p.once(ctx)
		spent := time.Since(began)
		least := max(tick-spent, 0)
		p.hub.pause(ctx, least, max(least, p.breath(busy)))
	}
}

// breath is how long to rest after arrivals took so long to ask for.
func (p *poller) breath(busy time.Duration) time.Duration {
	if p.failures > 0 {
		return min(firstRetry<<min(p.failures-1, 10), lastRetry)
	}
	return min(rest*busy, longestRest)
}

// once asks what is due, and tells how long the arrivals took.
func (p *poller) once(ctx context.Context) (busy time.Duration) {
	now := time.Now()
	views := p.hub.looked()
	for _, v := range views {
		if err := p.arrive(ctx, v, now); err != nil {
			p.fail(ctx, err)
			break
		}
		p.recovered()
	}
	busy = time.Since(now)
	if p.failures == 0 {
		p.draw(ctx, views, time.Now())
	}
	if ctx.Err() == nil {
		p.hub.publishHealth(p.health(ctx, time.Now()))
	}
	return busy
}

// arrive tells a view what has arrived.
func (p *poller) arrive(ctx context.Context, v *view, now time.Time) error {
	fresh, recent, err := v.arrivals.next(ctx, p.ask, v.filter, now)
	if err == nil && fresh != nil {
		p.hub.publish(v, "arrivals", fresh, recent)
	}
	return err
}

// draw asks for the charts that are due. Those of a new view are due at once.
func (p *poller) draw(ctx context.Context, views []*view, now time.Time) {
	for _, v := range views {
		if now.Before(v.due) || !v.due.IsZero() && now.Before(p.charts) {
			continue
		}
		began := time.Now()
		for _, q := range charts {
			if err := p.chart(ctx, v, q, now); err != nil {
				p.fail(ctx, err)
				return
			}
		}
		ended := time.Now()
		v.due = ended.Add(chartEvery)
		p.charts = ended.Add(min(rest*ended.Sub(began), longestRest))
	}
}

// chart asks one question and tells its answer when it is another than before.
func (p *poller) chart(ctx context.Context, v *view, q question, now time.Time) error {
	sql, err := q.sql(v.filter, now)
	if err != nil {
		return err
	}
	table, err := p.ask(ctx, sql, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", q.name, err)
	}
	data, err := json.Marshal(table)
	if err != nil {
		return fmt.Errorf("encode %s: %w", q.name, err)
	}
	if !bytes.Equal(v.answers[q.name], data) { // only the poller writes answers
		p.hub.publish(v, q.name, data, data)
	}
	return nil
}

// fail notes that there is no answer, and logs the first of a row.
func (p *poller) fail(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if p.failures++; p.failures == 1 {
		p.log.Warn("live page: ClickHouse does not answer", "error", err)
	}
	p.trouble = trouble(err)
}

// trouble says why there is no answer, for those who look.
func trouble(err error) string {
	var refused refusal
	switch {
	case !errors.As(err, &refused):
		return "ClickHouse does not answer."
	case refused.Code == unknownTable || refused.Code == unknownDatabase:
		return "The tables are not there: run 'throughline migrate'."
	}
	return fmt.Sprintf("ClickHouse refuses a question: its code %d.", refused.Code)
}

// Codes of ClickHouse.
const (
	unknownTable    = 60
	unknownDatabase = 81
)

func (p *poller) recovered() {
	if p.failures > 0 {
		p.log.Info("live page: ClickHouse answers again")
		p.failures, p.trouble = 0, ""
	}
}
