package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	dto "github.com/prometheus/client_model/go"

	"github.com/throughline/throughline/deploy/terminal"
)

// funnelDays is how far back the funnel looks: past the journey timeout, so that drop-offs show.
const funnelDays = 60

// watcher draws funnel and status of a running pipeline.
type watcher struct {
	run  *upRun
	conn driver.Conn
	// The sums of the metrics when they were last read.
	last figures
	at   time.Time
}

// figures are sums of metrics.
type figures struct {
	accepted, rejected, lag float64
	// Sum and number of the observed delays until a touchpoint can be queried.
	delay, delays float64
}

// every is how often to draw: a terminal moves, a log file gets a line now and then.
func (w *watcher) every() time.Duration {
	if w.run.screen.Live() {
		return time.Second
	}
	return 10 * time.Second
}

// draw shows the funnel and the status, or a line of status where there is no terminal.
func (w *watcher) draw(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	status := w.status()
	var stored uint64
	steps, err := queryFunnel(ctx, w.conn, w.run.site, funnelDays)
	if err == nil {
		err = w.conn.QueryRow(ctx, "SELECT count() FROM touchpoints_log").Scan(&stored)
	}
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		status.Trouble = "ClickHouse does not answer"
		w.run.log.Warn("reading the funnel", "error", err)
	}
	status.Stored = stored
	style := w.run.screen.Style()
	line := terminal.StatusLine(status, style) + "\n"
	if !w.run.screen.Live() {
		fmt.Fprint(w.run.screen, line)
		return
	}
	if err := w.run.screen.Draw(terminal.Funnel(steps, style) + "\n" + line); err != nil {
		w.run.log.Warn("drawing", "error", err)
	}
}

func (w *watcher) status() terminal.Status {
	now := time.Now()
	f := w.read()
	s := terminal.Status{Freshness: -1, Lag: uint64(f.lag)}
	if seconds := now.Sub(w.at).Seconds(); !w.at.IsZero() && seconds > 0 {
		s.AcceptedPerSecond = (f.accepted - w.last.accepted) / seconds
		s.RejectedPerSecond = (f.rejected - w.last.rejected) / seconds
	}
	if n := f.delays - w.last.delays; n > 0 {
		s.Freshness = time.Duration((f.delay - w.last.delay) / n * float64(time.Second))
	}
	w.last, w.at = f, now
	return s
}

// read sums the pipeline's own metrics.
func (w *watcher) read() (f figures) {
	families, err := w.run.registry.Gather()
	if err != nil {
		w.run.log.Warn("reading metrics", "error", err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			f.add(family.GetName(), m)
		}
	}
	return f
}

func (f *figures) add(name string, m *dto.Metric) {
	switch name {
	case "throughline_collector_events_total":
		switch verdictOf(m) {
		case "accepted":
			f.accepted += m.GetCounter().GetValue()
		case "rejected":
			f.rejected += m.GetCounter().GetValue()
		}
	case "throughline_processor_lag_records":
		f.lag += m.GetGauge().GetValue()
	case "throughline_processor_event_to_queryable_seconds":
		f.delay += m.GetHistogram().GetSampleSum()
		f.delays += float64(m.GetHistogram().GetSampleCount())
	}
}

func verdictOf(m *dto.Metric) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == "verdict" {
			return l.GetValue()
		}
	}
	return ""
}
