package dashboards

import (
	"fmt"
	"strings"
	"testing"

	"github.com/throughline/throughline/deploy/embedded/engine"
)

// functions are the views with parameters, as the documentation calls them.
var functions = []string{
	"SELECT * FROM stage_funnel(site = 'shop', from = '2020-01-01', to = '2100-01-01') ORDER BY stage",
	"SELECT * FROM throughline.stage_funnel(site = 'shop', from = now() - INTERVAL 90 DAY, to = now() + INTERVAL 1 DAY) ORDER BY stage",
	"SELECT channel, conversions, revenue FROM attribution(site = 'shop', model = 'position') ORDER BY channel",
	"SELECT * FROM event_funnel(site = 'shop', steps = ['Page Viewed', 'Order Completed'], window_seconds = 0) ORDER BY step",
	"SELECT * FROM event_funnel_in_session(site = 'shop', steps = ['Page Viewed', 'Order Completed']) ORDER BY step",
	"SELECT count(), sum(touchpoints) FROM sessions_with_gap(site = 'shop', gap_seconds = 600)",
}

// readersCallFunctions asks them in each way in which somebody who may only read asks.
func readersCallFunctions(t *testing.T, e *engine.Engine) {
	for _, sql := range functions {
		want := query(t, e.Addr(), sql)
		if len(want.Data) == 0 {
			t.Errorf("%s has no rows", sql)
		}
		for way, address := range map[string]string{"the readers' address": e.ReaderAddr() + "/?", "the user reader": e.Addr() + "/?user=reader&", "readonly = 1": e.Addr() + "/?readonly=1&"} {
			body, ok := askAt(t, address, sql)
			if !ok {
				t.Errorf("%s\nby %s: %s", sql, way, body)
				continue
			}
			equal(t, sql+" by "+way, decoded(t, sql, body).Data, want.Data)
		}
	}
	for _, sql := range []string{"SELECT * FROM stage_funnel_not_there(site = 'shop')", "SELECT * FROM attribution(site = file('/etc/hostname'), model = 'first')"} {
		if body, ok := ask(t, e.ReaderAddr(), sql); ok {
			t.Errorf("%s gave a reader %s", sql, body)
		}
	}
}

// sameEventFunnel compares the panel with the function event_funnel: both count a visitor who logged in later as the user.
func sameEventFunnel(t *testing.T, addr string, v view) {
	v = v.with("site", "shop")
	for _, steps := range []string{"Page Viewed,Product Viewed,Order Completed", "Order Completed,Page Viewed,Product Viewed", "Product Viewed,Unheard of,Page Viewed"} {
		v = v.with("steps", steps)
		for _, window := range []string{"0", "60", "86400"} {
			want := query(t, addr, "SELECT customers FROM event_funnel(site = 'shop', steps = ['"+strings.ReplaceAll(steps, ",", "', '")+"'], window_seconds = "+window+") ORDER BY step")
			equal(t, steps+" within "+window, panel(t, addr, "journey-funnel/event_funnel", v.with("window", window)).numbers("customers"), want.numbers("customers"))
		}
	}
	v = v.with("steps", "Page Viewed")
	viewers := "SELECT uniqExact(customer_kind, customer_id) AS n FROM %s WHERE site = 'shop' AND event = 'Page Viewed' AND NOT bot"
	sent := query(t, addr, fmt.Sprintf(viewers, "accepted_touchpoints")).one(t, "n")
	resolved := query(t, addr, fmt.Sprintf(viewers, "resolved_touchpoints")).one(t, "n")
	if sent == resolved {
		t.Error("nobody in the shop is two visitors who turned out to be one")
	}
	equal(t, "viewers", panel(t, addr, "journey-funnel/event_funnel", v.with("window", "0")).Data[0]["customers"], resolved)
}
