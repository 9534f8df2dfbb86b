package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/throughline/throughline/dashboards"
	"github.com/throughline/throughline/tests/shop"
)

const (
	touchesPerCustomer = 10.5
	timesAsked         = 3                     // of which the median counts
	small, large       = 1_000_000, 10_000_000 // touchpoints
)

// boards are the dashboards that ask ClickHouse about everybody.
var boards = []string{"journey-funnel", "stage-transitions", "acquisition", "data-quality"}

// benchDashboards measures how long the engine works on a dashboard that is opened, with all touchpoints in its range.
func benchDashboards(ctx context.Context, b *bench) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/throughline/throughline").Output()
	if err != nil {
		return fmt.Errorf("find the dashboards: %w", err)
	}
	sizes := []int{small}
	if b.long {
		sizes = append(sizes, large)
	}
	for _, size := range sizes {
		if err := b.dashboards(ctx, strings.TrimSpace(string(root)), size); err != nil {
			return fmt.Errorf("%d touchpoints: %w", size, err)
		}
	}
	return nil
}

func (b *bench) dashboards(ctx context.Context, root string, touchpoints int) error {
	e, err := b.startEngine(ctx)
	if err != nil {
		return err
	}
	defer stopEngine(e)
	v := view{tables: tables{e.Addr()}, pid: e.Pid()}
	end := time.Now().UTC().Truncate(time.Hour)
	if err := v.fill(ctx, int(float64(touchpoints)/touchesPerCustomer)+1, end); err != nil {
		return err
	}
	v.Range = dashboards.Range{From: end.AddDate(0, 0, -shop.Days-1), To: end, Interval: 24 * time.Hour}
	stored, err := v.number(ctx, "SELECT count() FROM accepted_touchpoints")
	if err != nil {
		return err
	}
	const goal = time.Second
	size := fmt.Sprintf("%.1f M touchpoints", float64(stored)/1e6)
	for _, name := range boards {
		panels, err := shop.Opened(root, name)
		if err != nil {
			return err
		}
		took, cpu, err := v.open(ctx, panels)
		if err != nil {
			return err
		}
		x := row{path: fmt.Sprintf("dashboard %s, %d queries over %s", name, len(panels), size), figure: milliseconds(took) + " of the engine", baseline: milliseconds(cpu) + " of CPU"}
		if touchpoints == large {
			x.goal, x.met = "< "+milliseconds(goal), took < goal
		}
		b.report.add(x)
	}
	return b.slowest(ctx, &v, size, touchpoints == small)
}

// slowest reports the panel that took longest, of all that there are. With a few touchpoints it has a limit.
func (b *bench) slowest(ctx context.Context, v *view, size string, limited bool) error {
	var most, spent time.Duration
	var name string
	for _, q := range dashboards.Queries() {
		took, cpu, err := v.open(ctx, []string{q.Dashboard + "/" + q.Panel})
		if err != nil {
			return err
		}
		if took > most {
			most, spent, name = took, cpu, q.Dashboard+"/"+q.Panel
		}
	}
	const goal = 200 * time.Millisecond
	x := row{path: "slowest panel over " + size, figure: milliseconds(most) + ", " + name, baseline: milliseconds(spent) + " of CPU"}
	if limited {
		x.goal, x.met = "< "+milliseconds(goal), most < goal
	}
	b.report.add(x)
	return nil
}

// choices are what the dashboards begin with, and a customer.
var choices = dashboards.Variables{"customer": {"customer-51"}, "steps": {"Product Viewed,Product Added,Checkout Started,Order Completed"}, "window": {"0"}}

// view is how the dashboards are looked at.
type view struct {
	tables
	dashboards.Range
	pid int
}

// fill makes the shop.
func (v *view) fill(ctx context.Context, customers int, end time.Time) error {
	for _, statement := range shop.Fill(customers, end) {
		if _, err := v.lines(ctx, statement); err != nil {
			return err
		}
	}
	months, err := v.lines(ctx, shop.Partitions(end))
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(months); i += 2 {
		if _, err := v.lines(ctx, shop.Settle(months[i], months[i+1])); err != nil {
			return err
		}
	}
	return nil
}

// open asks panels, one after another, and gives the sum of the times until each answer was there, and the processor time spent.
func (v *view) open(ctx context.Context, panels []string) (took, cpu time.Duration, err error) {
	for _, name := range panels {
		folder, file, _ := strings.Cut(name, "/")
		sql, found := dashboards.SQL(folder, file)
		if !found {
			return 0, 0, fmt.Errorf("there is no panel %s", name)
		}
		sql, err := dashboards.Expand(sql, v.Range, choices)
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", name, err)
		}
		before := cpuOf(v.pid)
		var times []float64
		for range timesAsked {
			asked := time.Now()
			if _, err := v.lines(ctx, sql); err != nil {
				return 0, 0, fmt.Errorf("%s: %w", name, err)
			}
			times = append(times, float64(time.Since(asked)))
		}
		took += time.Duration(median(times))
		cpu += (cpuOf(v.pid) - before) / timesAsked
	}
	return took, cpu, nil
}
