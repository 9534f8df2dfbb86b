package stages

import "testing"

func BenchmarkMatch(b *testing.B) {
	r := Builtin()
	properties := []byte(`{"order_id":"o-1","revenue":12.5,"products":[{"product_id":"p1","price":12.5}],"plan":{"tier":"gold"}}`)
	custom, err := Load([]byte(`{version: 1, date: 2026-01-02, extends: builtin, rules: [{id: gold, stage: loyalty, when: {event: Order Completed, property: {plan.tier: [silver, gold]}}}]}`))
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		rules *Rules
		in    Input
	}{
		{"first-event-rule", r, Input{Event: "Order Completed", Type: "track", Channel: "direct", Path: "/checkout/done", Properties: properties}},
		{"late-event-rule", r, Input{Event: "Application Installed", Type: "track"}},
		{"unknown-event", r, Input{Event: "Button Clicked", Type: "track", Path: "/pricing"}},
		{"unknown-page", r, Input{Event: "Page Viewed", Type: "page", Path: "/en/some/long/path/of/a/page"}},
		{"product-page", r, Input{Event: "Page Viewed", Type: "page", Path: "/en/products/shoes/blue-42"}},
		{"property", custom, Input{Event: "Order Completed", Type: "track", Properties: properties}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.rules.Match(c.in)
			}
		})
	}
}
