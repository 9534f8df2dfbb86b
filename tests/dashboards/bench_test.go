package dashboards

import (
	"os"
	"strconv"
	"testing"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/throughline/throughline/dashboards"
)

// BenchmarkPanels prints the engine's time for every panel over a shop of SHOP_CUSTOMERS customers (100,000: about 1.04 million
// touchpoints), for the whole time of the shop and for the ranges that the dashboards open with, and for whole dashboards.
// cpu-ms is what the engine spent on it: on a machine that does other things too it says more than the clock.
func BenchmarkPanels(b *testing.B) {
	customers := 100_000
	if text := os.Getenv("SHOP_CUSTOMERS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		customers = n
	}
	e := startEngine(b)
	running, err := process.NewProcess(int32(e.Pid()))
	if err != nil {
		b.Fatal(err)
	}
	engine := asked{running, e.ReaderAddr()}
	fillShop(b, e.Addr(), customers)
	settle(b, e.Addr())
	b.Logf("%v touchpoints", query(b, e.Addr(), "SELECT count() AS n FROM accepted_touchpoints").Data[0]["n"])
	opened := map[string]view{}
	for _, q := range dashboards.Queries() {
		name := q.Dashboard + "/" + q.Panel
		opened[name] = days(30, shopChoices)
		if q.Dashboard == "data-quality" {
			opened[name] = days(1, shopChoices)
		}
		engine.panels(b, "whole/"+name, days(shopDays+1, shopChoices), name)
		engine.panels(b, "opened/"+name, opened[name], name)
	}
	for dashboard, panels := range visible {
		engine.panels(b, "dashboard/"+dashboard, opened[dashboard+"/summary"], panels...)
		engine.panels(b, "dashboard-whole/"+dashboard, days(shopDays+1, shopChoices), panels...)
	}
}

// visible is what a dashboard asks when it is opened, collapsed rows left out.
var visible = map[string][]string{
	"journey-funnel": {"journey-funnel/summary", "journey-funnel/funnel", "journey-funnel/standing", "journey-funnel/time_in_stage", "journey-funnel/trend", "journey-funnel/by_channel"},
	"stage-transitions": {"stage-transitions/summary", "stage-transitions/matrix", "stage-transitions/graph_nodes", "stage-transitions/graph_edges", "stage-transitions/trend",
		"stage-transitions/kinds"},
	"acquisition": {"acquisition/summary", "acquisition/channels", "acquisition/trend", "acquisition/attribution", "acquisition/campaign_attribution", "acquisition/campaigns", "acquisition/paths"},
	"customer":    {"customer/summary", "customer/stages", "customer/timeline", "customer/journeys", "customer/sessions", "customer/identities", "customer/customers"},
	"data-quality": {"data-quality/summary", "data-quality/accepted", "data-quality/rejected", "data-quality/reasons", "data-quality/rejected_events", "data-quality/late", "data-quality/skew",
		"data-quality/unmatched", "data-quality/bots", "data-quality/duplicates"},
}

// asked is the engine that the benchmark asks.
type asked struct {
	process *process.Process
	addr    string
}

func (a asked) panels(b *testing.B, as string, v view, names ...string) {
	b.Run(as, func(b *testing.B) {
		before := a.cpu(b)
		for b.Loop() {
			for _, name := range names {
				panel(b, a.addr, name, v)
			}
		}
		b.ReportMetric(1000*(a.cpu(b)-before)/float64(b.N), "cpu-ms/op")
	})
}

// cpu gives the seconds that the engine has computed so far.
func (a asked) cpu(b *testing.B) float64 {
	times, err := a.process.Times()
	if err != nil {
		b.Fatal(err)
	}
	return times.User + times.System
}
