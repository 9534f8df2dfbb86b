package boards

import "github.com/throughline/throughline/dashboards/internal/grafana"

const funnelFolder = "journey-funnel"

func journeyFunnel() grafana.Board {
	return grafana.Board{
		UID: prefix + funnelFolder, Title: "Journey funnel", Source: grafana.ClickHouse, Since: "now-30d", Refresh: "5m",
		Summary: "How far journeys come: five stages, what is lost between them, where it differs, and how it was in the period before.",
		Variables: append(dimensions(),
			grafana.Variable{Name: "stage", Label: "Reached", Values: stageNames},
			grafana.Variable{Name: "outcome", Label: "Outcome", Values: []string{"open", "dropped", "won"}},
			grafana.Variable{Name: "steps", Label: "Events", Text: true, Default: "Product Viewed,Product Added,Checkout Started,Order Completed"},
			grafana.Variable{Name: "window", Label: "Within seconds", Values: []string{"0", "1800", "3600", "86400", "604800", "2592000"}, One: true, Default: "0"},
		),
		Annotations: marks(),
		Rows: []grafana.Row{
			{Panels: []grafana.Panel{funnelSummary(), funnelTable(), funnelStanding(), funnelTimes()}},
			{ID: 100, Title: "Where it differs", Panels: []grafana.Panel{
				funnelTrend(), breakdown(6, "channel", "Channel", "the channel of the first touch"),
			}},
			{ID: 101, Title: "By campaign, device and country", Collapsed: true, Panels: []grafana.Panel{
				breakdown(7, "campaign", "Campaign", "the first campaign that touched the journey"), breakdown(8, "device", "Device", "device"), breakdown(9, "country", "Country", "country"),
			}},
			{ID: 102, Title: "Who they are", Collapsed: true, Panels: []grafana.Panel{funnelJourneys(), funnelCustomers()}},
			{ID: 103, Title: "Any events in order", Collapsed: true, Panels: []grafana.Panel{eventFunnel()}},
		},
	}
}

func funnelSummary() grafana.Panel {
	return grafana.Panel{
		ID: 1, Title: "Journeys begun in this time", Width: 24, Height: 4, Chart: grafana.Stats(), Targets: from(funnelFolder, "summary"), Unit: number, Empty: nothing,
		Help: "Every other number compares with the period of the same length just before. Conversion is the share of journeys with a purchase by now: young journeys may still buy, so the newest days look worse than they will be.",
		Fields: []grafana.Field{
			column("journeys", "Journeys", number), change("journeys_change", "Journeys, change"),
			column("conversion", "Bought", share), column("conversion_before", "Bought, period before", share), change("conversion_change", "Bought, change"),
			column("revenue_total", "Revenue", money), change("revenue_change", "Revenue, change"), column("open_share", "Still open", share),
		},
	}
}

func funnelTable() grafana.Panel {
	stage := grafana.Field{Name: "stage_name", Title: "Stage", Width: 130, Links: []grafana.Link{{
		Title: "Show the journeys that reached this stage",
		URL:   same(funnelFolder, "outcome", "steps", "window") + "&var-stage=${__value.raw}",
	}}}
	return grafana.Panel{
		ID: 2, Title: "Funnel", Width: 24, Height: 8, Chart: grafana.Table(), Targets: from(funnelFolder, "funnel"), Unit: number, Empty: nothing, Hide: []string{"stage"},
		Help: "In order counts journeys that touched every stage up to this one, one after another; Reached counts any order. Dropped are over, Still open may go on, Skipped bought without the steps between. " +
			"Where In order is 0 everywhere, no event is mapped to awareness: read Reached, or add a stage rule. Open the largest drop-off by channel and device below.",
		Fields: []grafana.Field{
			stage, column("reached", "Reached", number), column("in_order", "In order", number), bar("conversion", "From the stage before"),
			bar("conversion_from_start", "From the start"), column("drop_off", "Drop-off", share), column("dropped", "Dropped", number), column("open", "Still open", number),
			column("skipped", "Skipped", number), column("in_order_before", "In order, before", number), column("conversion_before", "From the stage before, before", share),
		},
	}
}

func funnelStanding() grafana.Panel {
	return grafana.Panel{
		ID: 3, Title: "Open against dropped", Width: 12, Height: 9, Chart: grafana.BarRows("stage_name"), Targets: from(funnelFolder, "standing"), Unit: number, Empty: nothing, Hide: []string{"stage"},
		Help: "By the furthest stage of each journey: still open, over without a purchase (dropped), or won. Only dropped ones are lost; open ones can still be helped on.",
		Fields: []grafana.Field{
			{Name: "dropped", Title: "Dropped", Colour: "semi-dark-red"}, {Name: "open", Title: "Still open", Colour: "super-light-blue"}, {Name: "won", Title: "Won", Colour: "semi-dark-green"},
		},
	}
}

func funnelTimes() grafana.Panel {
	return grafana.Panel{
		ID: 4, Title: "Time in a stage", Width: 12, Height: 9, Chart: grafana.Table(), Targets: from(funnelFolder, "time_in_stage"), Unit: seconds, Empty: nothing, Hide: []string{"stage"},
		Help: "How long it took from entering a stage to leaving it for another, for the steps of this time range. Half leave within the median; one in a hundred stays longer than p99. The filters look at the touch that made the step.",
		Fields: []grafana.Field{
			{Name: "stage_name", Title: "Stage"}, column("visits", "Visits that ended", number), column("p50", "Median", seconds), column("p90", "p90", seconds),
			column("p99", "p99", seconds), column("p50_before", "Median, before", seconds),
		},
	}
}

func funnelTrend() grafana.Panel {
	return grafana.Panel{
		ID: 5, Title: "Journeys begun, and the share that bought", Width: 24, Height: 8, Chart: grafana.Bars(), Targets: from(funnelFolder, "trend"), Unit: number, Min: grafana.Number(0.0), Empty: nothing, Interval: "1h",
		Help: "By the time of the first touch. The line falls toward the right because young journeys have had less time to buy; compare it with itself at the same age, not with last month.",
		Fields: []grafana.Field{
			{Name: "journeys", Title: "Journeys", Colour: "light-blue"},
			{Name: "conversion", Title: "Bought by now", Unit: share, Colour: "purple", Line: true},
		},
	}
}

func breakdown(id int, name, word, what string) grafana.Panel {
	fields := []grafana.Field{{Name: name + "_name", Title: word}, column("journeys", "Journeys", number), change("journeys_change", "Change")}
	for _, stage := range stageNames[1:] {
		fields = append(fields, bar(stage, title(stage)))
	}
	return grafana.Panel{
		ID: id, Title: "By " + name, Width: 24, Height: 9, Chart: grafana.Table(), Targets: from(funnelFolder, "by_"+name), Unit: number, Empty: nothing,
		Help:   "Journeys by " + what + " and the share of them that reached each stage in any order; purchase is the share that bought. Look for many journeys with a short bar. Few journeys make shares jump.",
		Fields: append(fields, column("dropped", "Dropped", share), column("revenue_total", "Revenue", money)),
	}
}

func funnelJourneys() grafana.Panel {
	return grafana.Panel{
		ID: 10, Title: "Latest journeys", Width: 24, Height: 10, Chart: grafana.Table(), Targets: from(funnelFolder, "journeys"), Unit: number, Empty: nothing, Hide: []string{"customer_kind"},
		Help: "The latest 200 that reached one of the stages chosen above as Reached and ended as chosen as Outcome. A click on a customer opens the timeline.",
		Fields: []grafana.Field{
			{Name: "started_at", Title: "Begun"}, {Name: "site", Title: "Site"}, customerField(), {Name: "furthest", Title: "Furthest"}, {Name: "current", Title: "Now at"}, {Name: "outcome", Title: "Outcome"},
			{Name: "entry_channel", Title: "Entry channel"}, {Name: "entry_campaign", Title: "Entry campaign"}, {Name: "touchpoints", Title: "Touchpoints"}, {Name: "sessions", Title: "Sessions"},
			{Name: "purchases", Title: "Purchases"}, column("revenue_total", "Revenue", money), {Name: "last_touch_at", Title: "Last touch"},
		},
	}
}

func funnelCustomers() grafana.Panel {
	return grafana.Panel{
		ID: 11, Title: "Customers by stage", Width: 24, Height: 8, Chart: grafana.Table(), Targets: from(funnelFolder, "customers"), Unit: number, Empty: nothing, Hide: []string{"stage"},
		Help:   "People instead of journeys: customers that reached the stage, in any order, in at least one of their journeys begun in this time.",
		Fields: []grafana.Field{{Name: "stage_name", Title: "Stage"}, column("customers", "Customers", number), column("all_customers", "Of all", number), bar("share", "Share")},
	}
}

func eventFunnel() grafana.Panel {
	return grafana.Panel{
		ID: 12, Title: "Customers that had the events in order", Width: 24, Height: 8, Chart: grafana.Table(), Targets: from(funnelFolder, "event_funnel"), Unit: number,
		Empty: "No such events in this time range. Names are written as they were sent, with commas between them",
		Help:  "The events named above as Events, each once, in that order, whatever came between them; Within seconds bounds the time from the first to each other one, 0 leaves it open. Only the choice of sites applies here. It reads every such touchpoint, so a wide range takes a while.",
		Fields: []grafana.Field{
			{Name: "step", Title: "Step", Width: 70}, {Name: "event", Title: "Event"}, column("customers", "Customers", number), bar("conversion", "From the step before"), bar("conversion_from_start", "From the start"),
		},
	}
}
