package dashboards

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/dashboards"
	"github.com/throughline/throughline/tests/harness"
)

const merchSites = "sites: [{id: merch, write_keys: [merch-key], import_keys: [merch-import]}]"

// TestRealShop imports Google's merchandise store through the public API and compares the funnels with the figures that two
// independent scripts, and the publisher, found in it.
func TestRealShop(t *testing.T) {
	file, err := filepath.Abs("../../../shared/data/google-merch-events.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Skip("the data set google-merch-events is not beside the project")
	}
	p := harness.New(t, merchSites)
	p.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := p.Command(ctx, "import", "--mapping", "../mappings/google-merch-events.yaml", "--key", "merch-import", "--state", filepath.Join(t.TempDir(), "progress"), file)
	if err != nil || !strings.Contains(out, "719386 accepted, 0 rejected") {
		t.Fatalf("%v\n%s", err, out)
	}
	p.CaughtUp(t, 5*time.Minute)
	v := view{dashboards.Range{From: time.Date(2020, 10, 25, 0, 0, 0, 0, time.UTC), To: time.Date(2021, 2, 1, 0, 0, 0, 0, time.UTC), Interval: 24 * time.Hour}, dashboards.Variables{
		"steps": {"add_to_cart,begin_checkout,purchase"}, "window": {"0"}, "site": {"merch"},
	}}
	buyer := query(t, p.ClickHouse, "SELECT customer_id AS id FROM customers ORDER BY orders DESC, id LIMIT 1").one(t, "id").(string)
	everyPanel(t, p.ClickHouse, v.with("customer", buyer), notInMerch...)
	merchFigures(t, p.ClickHouse, v)
}

// notInMerch has no rows: nothing was rejected, every event has a stage, there are no bots and no logins, nothing says when
// it was sent, and the tables were made today.
var notInMerch = []string{
	"annotations/migrations", "customer/identities", "data-quality/bots", "data-quality/duplicates", "data-quality/reasons", "data-quality/rejected",
	"data-quality/rejected_events", "data-quality/skew", "data-quality/unmatched",
}

func merchFigures(t *testing.T, addr string, v view) {
	for window, want := range map[string]string{"0": "12545 4493 2505", "1800": "12545 4304 2265", "3600": "12545 4348 2345", "86400": "12545 4415 2429", "604800": "12545 4462 2474"} {
		equal(t, "events in order within "+window, panel(t, addr, "journey-funnel/event_funnel", v.with("window", window)).numbers("customers"), want)
	}
	// Loyalty: a second order. 361 + 93 + 27 + 48 customers have one.
	equal(t, "customers by stage", panel(t, addr, "journey-funnel/customers", v).numbers("customers"), "0 12545 6404 4066 529")
	equal(t, "visitors", panel(t, addr, "journey-funnel/customers", v).Data[0]["all_customers"], 14701)
	quality := panel(t, addr, "data-quality/summary", v)
	equal(t, "hits", quality.one(t, "accepted"), 78742)
	equal(t, "rejected", quality.one(t, "rejected"), 0)
	equal(t, "orders", panel(t, addr, "acquisition/summary", v).one(t, "orders"), 4978)
	equal(t, "orders by channel", panel(t, addr, "acquisition/attribution", v).sum("conversions_last"), query(t, addr, "SELECT count() AS n FROM journeys WHERE purchases > 0").one(t, "n"))
}
