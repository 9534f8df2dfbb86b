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
	// rest is how much longer the poller rests than its questions took: with one thread a question it takes at most
	// a tenth of one core from the pipeline.
	rest = 9
)

// poller asks for those who listen.
type poller struct {
	hub     *hub
	ask     func(ctx context.Context, sql string, parameters map[string]string) (Table, error)
	metrics func(context.Context) ([]*dto.MetricFamily, error)
	log     *slog.Logger

	last    sample // of the metrics
	trouble string // why ClickHouse does not answer, empty when it does
}

// run asks until ctx ends. While nobody looks it asks nothing.
func (p *poller) run(ctx context.Context) {
	for p.hub.wait(ctx) {
		began := time.Now()
		p.once(ctx)
		spent := time.Since(began)
		p.hub.pause(ctx, max(tick-spent, 0), max(tick, rest*spent))
	}
}

// once asks what is due.
func (p *poller) once(ctx context.Context) {
	now := time.Now()
	for _, v := range p.hub.looked() {
		if err := p.look(ctx, v, now); err != nil {
			p.fail(ctx, err)
			break
		}
		p.recovered()
	}
	if ctx.Err() == nil {
		p.hub.publishHealth(p.health(ctx, now))
	}
}

// look asks for one view: what has arrived, and the charts when they are due.
func (p *poller) look(ctx context.Context, v *view, now time.Time) error {
	rows, err := v.arrivals.next(ctx, p.ask, v.filter, now)
	if err != nil {
		return err
	}
	if rows != nil {
		p.hub.publish(v, "arrivals", rows, false)
	}
	if now.Before(v.due) {
		return nil
	}
	for _, q := range charts {
		if err := p.chart(ctx, v, q, now); err != nil {
			return err
		}
	}
	v.due = now.Add(chartEvery)
	return nil
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
		p.hub.publish(v, q.name, data, true)
	}
	return nil
}

// fail notes that there is no answer, and logs the first of a row.
func (p *poller) fail(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if p.trouble == "" {
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
	return fmt.Sprintf("ClickHouse refuses a question with code %d (%s).", refused.Code, refused.Name)
}

// Codes of ClickHouse.
const (
	unknownTable    = 60
	unknownDatabase = 81
)

func (p *poller) recovered() {
	if p.trouble != "" {
		p.log.Info("live page: ClickHouse answers again")
		p.trouble = ""
	}
}
