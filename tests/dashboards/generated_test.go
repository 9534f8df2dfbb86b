package dashboards

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/throughline/throughline/dashboards"
)

// shopChoices are what has no All: a customer with a long history, the events of a funnel.
var shopChoices = dashboards.Variables{"customer": {"customer-51"}, "steps": {"Page Viewed, Product Viewed,Order Completed"}, "window": {"86400"}}

// TestGeneratedShop asks every panel as a reader, with everything and with each choice, and compares panels with one another,
// with the functions of the schema, and with a count that reads versions and tombstones by itself.
func TestGeneratedShop(t *testing.T) {
	e := startEngine(t)
	fillShop(t, e.Addr(), 3000)
	addr, whole := e.ReaderAddr(), days(shopDays+1, shopChoices)
	everyPanel(t, addr, whole)
	for name, value := range map[string]string{"site": "shop", "channel": "email", "campaign": "(none)", "device": "mobile", "country": "DE"} {
		everyPanel(t, addr, whole.with(name, value))
	}
	everyPanel(t, addr, whole.with("site", "nowhere"), nowhere...)
	t.Run("funnel", func(t *testing.T) { sameAsSchema(t, e.Addr(), whole) })
	t.Run("functions", func(t *testing.T) { readersCallFunctions(t, e) })
	t.Run("event funnel", func(t *testing.T) { sameEventFunnel(t, addr, whole) })
	t.Run("corrections", func(t *testing.T) { sameAsVersions(t, addr, whole) })
	t.Run("sums", func(t *testing.T) { sumsAgree(t, addr, whole) })
	t.Run("period before", func(t *testing.T) { periodBefore(t, addr) })
	t.Run("timeline", func(t *testing.T) { sameTimeline(t, e.Addr(), whole) })
	t.Run("attribution", func(t *testing.T) { sameAttribution(t, e.Addr(), whole) })
}

// nowhere lists what has no row, as opposed to a row of zeros, when nothing matches.
var nowhere = []string{
	"acquisition/attribution", "acquisition/campaign_attribution", "acquisition/campaigns", "acquisition/channels", "acquisition/paths", "acquisition/trend",
	"customer/customers", "customer/identities", "customer/journeys", "customer/sessions", "customer/stages", "customer/summary", "customer/timeline",
	"data-quality/accepted", "data-quality/arrivals", "data-quality/bots", "data-quality/duplicates", "data-quality/late", "data-quality/reasons",
	"data-quality/rejected", "data-quality/rejected_events", "data-quality/skew", "data-quality/unmatched",
	"journey-funnel/by_campaign", "journey-funnel/by_channel", "journey-funnel/by_country", "journey-funnel/by_device", "journey-funnel/customers",
	"journey-funnel/journeys", "journey-funnel/standing", "journey-funnel/time_in_stage", "journey-funnel/trend",
	"stage-transitions/dwell", "stage-transitions/flows", "stage-transitions/graph_edges", "stage-transitions/graph_nodes", "stage-transitions/kinds",
	"stage-transitions/matrix", "stage-transitions/transitions", "stage-transitions/trend",
	"variables/campaign", "variables/channel", "variables/country", "variables/device",
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// sameAsSchema compares the funnel with the function stage_funnel, which throughline funnel prints.
func sameAsSchema(t *testing.T, addr string, v view) {
	for _, site := range []string{"shop", "outlet"} {
		got := panel(t, addr, "journey-funnel/funnel", v.with("site", site))
		want := query(t, addr, fmt.Sprintf("SELECT * FROM stage_funnel(site = '%s', from = toDateTime64(%d, 3, 'UTC'), to = toDateTime64(%d, 3, 'UTC')) ORDER BY stage",
			site, v.From.Unix(), v.To.Unix()+1))
		for column, other := range map[string]string{
			"stage_name": "stage_name", "reached": "reached", "in_order": "depth_reached", "conversion": "conversion",
			"conversion_from_start": "conversion_from_start", "dropped": "dropped", "open": "open", "skipped": "skipped",
		} {
			equal(t, site+" "+column, got.numbers(column), want.numbers(other))
		}
	}
}

// sameAsVersions counts the latest versions without FINAL.
func sameAsVersions(t *testing.T, addr string, v view) {
	const latest = "SELECT count() AS n, sum(touchpoints) AS t FROM (SELECT * FROM journeys_log ORDER BY version DESC LIMIT 1 BY journey_id) WHERE NOT is_deleted"
	want := query(t, addr, latest)
	all := query(t, addr, "SELECT count() AS n, uniqExact(journey_id) AS ids FROM journeys_log")
	if all.one(t, "n") == want.one(t, "n") || all.one(t, "ids") == want.one(t, "n") {
		t.Fatal("the shop has no corrections or no tombstones")
	}
	equal(t, "journeys", panel(t, addr, "journey-funnel/summary", v).one(t, "journeys"), want.one(t, "n"))
	equal(t, "touchpoints of customers", query(t, addr, "SELECT sum(touchpoints) AS t FROM journeys").one(t, "t"), want.one(t, "t"))
	steps := query(t, addr, "SELECT count() AS n FROM (SELECT * FROM stage_transitions_log ORDER BY version DESC LIMIT 1 BY transition_id) WHERE NOT is_deleted")
	equal(t, "steps", panel(t, addr, "stage-transitions/flows", v).sum("transitions"), steps.one(t, "n"))
}

// sumsAgree: parts add up to the whole, whichever way it is cut.
func sumsAgree(t *testing.T, addr string, v view) {
	journeys := panel(t, addr, "journey-funnel/summary", v).one(t, "journeys").(float64)
	for _, name := range []string{"journey-funnel/by_channel", "journey-funnel/by_campaign", "journey-funnel/by_device", "journey-funnel/by_country", "journey-funnel/trend", "acquisition/channels", "acquisition/trend"} {
		equal(t, name, panel(t, addr, name, v).sum("journeys"), journeys)
	}
	equal(t, "standing", panel(t, addr, "journey-funnel/standing", v).sum("dropped", "open", "won"), journeys)
	parts := 0.0
	for _, row := range panel(t, addr, "variables/channel", v).Data {
		parts += panel(t, addr, "journey-funnel/summary", v.with("channel", row["value"].(string))).one(t, "journeys").(float64)
	}
	equal(t, "chosen one channel at a time", parts, journeys)
	steps := panel(t, addr, "stage-transitions/flows", v).sum("transitions")
	stages := []string{"awareness", "consideration", "intent", "purchase", "loyalty"}
	equal(t, "matrix", panel(t, addr, "stage-transitions/matrix", v).sum(stages...), steps)
	equal(t, "entries", panel(t, addr, "stage-transitions/trend", v).sum(stages...), steps)
	equal(t, "edges", panel(t, addr, "stage-transitions/graph_edges", v).sum("mainstat"), steps)
	later := panel(t, addr, "stage-transitions/summary", v).one(t, "transitions").(float64)
	equal(t, "kinds", panel(t, addr, "stage-transitions/kinds", v).sum("forward", "skip", "back"), later)
	accepted := panel(t, addr, "data-quality/summary", v).one(t, "accepted").(float64)
	equal(t, "accepted", panel(t, addr, "data-quality/accepted", v).sum("touchpoints"), accepted)
	equal(t, "late", panel(t, addr, "data-quality/late", v).sum("within_10_s", "within_1_min", "within_1_h", "within_1_d", "later"), accepted)
}

// periodBefore: what a range says about the period before it is what that period says about itself.
func periodBefore(t *testing.T, addr string) {
	now := days(20, nil)
	before := now
	before.From, before.To = now.From.Add(-now.To.Sub(now.From)), now.From.Add(-time.Second) // both ends of a range belong to it
	equal(t, "in order", panel(t, addr, "journey-funnel/funnel", now).numbers("in_order_before"), panel(t, addr, "journey-funnel/funnel", before).numbers("in_order"))
	equal(t, "bought", panel(t, addr, "journey-funnel/summary", now).one(t, "conversion_before"), panel(t, addr, "journey-funnel/summary", before).one(t, "conversion"))
}

// sameAttribution compares with the function attribution, model by model.
func sameAttribution(t *testing.T, addr string, v view) {
	got := panel(t, addr, "acquisition/attribution", v.with("site", "shop"))
	for _, model := range []string{"first", "last", "last_non_direct"} {
		want := map[string][2]float64{}
		for _, row := range query(t, addr, "SELECT * FROM attribution(site = 'shop', model = '"+model+"') WHERE conversions > 0").Data {
			want[row["channel"].(string)] = [2]float64{row["conversions"].(float64), row["revenue"].(float64)}
		}
		for _, row := range got.Data {
			w := want[row["channel_name"].(string)]
			if row["conversions_"+model] != w[0] || math.Abs(row["revenue_"+model].(float64)-w[1]) > 1e-6*w[1] {
				t.Errorf("%s by %s: %v, want %v", row["channel_name"], model, row, w)
			}
		}
		if len(want) < 5 {
			t.Errorf("%s: %d channels", model, len(want))
		}
	}
}

// sameTimeline compares the timeline with the view touchpoints, which gives every touchpoint its customer, stage and session.
func sameTimeline(t *testing.T, addr string, v view) {
	for _, customer := range []string{"customer-51", "customer-102", "customer-77", "deviceid-51"} {
		got := panel(t, addr, "customer/timeline", v.with("customer", customer))
		want := query(t, addr, "SELECT message_id, stage, stage_name, session_id IS NOT NULL AS in_session, anonymous_id FROM touchpoints WHERE customer_id = '"+customer+"' ORDER BY occurred_at DESC, message_id DESC")
		for column, other := range map[string]string{"message_id": "message_id", "stage_number": "stage", "stage": "stage_name", "anonymous_id": "anonymous_id"} {
			equal(t, customer+" "+column, got.numbers(column), want.numbers(other))
		}
		sessions := 0.0
		for _, row := range got.Data {
			if row["session_started_at"] != nil {
				sessions++
			}
		}
		equal(t, customer+" in sessions", sessions, want.sum("in_session"))
		if stitched := query(t, addr, "SELECT countIf(resolved_by IN ('next', 'only')) AS n FROM touchpoints WHERE customer_id = '"+customer+"'").one(t, "n"); (stitched == 2.0) != (customer == "customer-51" || customer == "customer-102") {
			t.Errorf("%s has %v touchpoints of a device", customer, stitched)
		}
		if (len(got.Data) == 0) != (customer == "deviceid-51") {
			t.Errorf("%s has %d touchpoints", customer, len(got.Data))
		}
	}
}
