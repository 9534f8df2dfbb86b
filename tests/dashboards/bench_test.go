package dashboards

import (
	"os"
	"strconv"
	"testing"

	"github.com/throughline/throughline/dashboards"
)

// BenchmarkPanels prints the engine's time for every panel over a shop of SHOP_CUSTOMERS customers (100,000: about 1.04 million
// touchpoints), for the whole time of the shop and for the ranges that the dashboards open with, and for whole dashboards.
func BenchmarkPanels(b *testing.B) {
	customers := 100_000
	if text := os.Getenv("SHOP_CUSTOMERS"); text != "" {
		var err error
		if customers, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	e := startEngine(b)
	fillShop(b, e.Addr(), customers)
	b.Logf("%v touchpoints", query(b, e.Addr(), "SELECT count() AS n FROM accepted_touchpoints").Data[0]["n"])
	opened := map[string]view{}
	for _, q := range dashboards.Queries() {
		name := q.Dashboard + "/" + q.Panel
		opened[name] = days(30, shopChoices)
		if q.Dashboard == "data-quality" {
			opened[name] = days(1, shopChoices)
		}
		benchPanels(b, "whole/"+name, e.ReaderAddr(), days(shopDays+1, shopChoices), name)
		benchPanels(b, "opened/"+name, e.ReaderAddr(), opened[name], name)
	}
	for dashboard, panels := range visible {
		benchPanels(b, "dashboard/"+dashboard, e.ReaderAddr(), opened[dashboard+"/summary"], panels...)
		benchPanels(b, "dashboard-whole/"+dashboard, e.ReaderAddr(), days(shopDays+1, shopChoices), panels...)
	}
}

// visible is what a dashboard asks when it is opened, collapsed rows left out.
var visible = map[string][]string{
	"journey-funnel": {"journey-funnel/summary", "journey-funnel/funnel", "journey-funnel/standing", "journey-funnel/time_in_stage", "journey-funnel/trend", "journey-funnel/by_channel"},
	"stage-transitions": {"stage-transitions/summary", "stage-transitions/matrix", "stage-transitions/graph_nodes", "stage-transitions/graph_edges", "stage-transitions/trend",
		"stage-transitions/kinds", "stage-transitions/flows", "stage-transitions/dwell"},
	"acquisition": {"acquisition/summary", "acquisition/channels", "acquisition/trend", "acquisition/attribution", "acquisition/campaign_attribution", "acquisition/campaigns", "acquisition/paths"},
	"customer":    {"customer/summary", "customer/stages", "customer/timeline", "customer/journeys", "customer/sessions", "customer/identities", "customer/customers"},
	"data-quality": {"data-quality/summary", "data-quality/accepted", "data-quality/rejected", "data-quality/reasons", "data-quality/rejected_events", "data-quality/late", "data-quality/skew",
		"data-quality/unmatched", "data-quality/bots", "data-quality/duplicates"},
}

func benchPanels(b *testing.B, as, addr string, v view, names ...string) {
	b.Run(as, func(b *testing.B) {
		for b.Loop() {
			for _, name := range names {
				panel(b, addr, name, v)
			}
		}
	})
}
