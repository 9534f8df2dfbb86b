package boards

import "github.com/throughline/throughline/dashboards/internal/grafana"

const acquisitionFolder = "acquisition"

func acquisition() grafana.Board {
	return grafana.Board{
		UID: prefix + acquisitionFolder, Title: "Acquisition", Source: grafana.ClickHouse, Since: "now-30d", Refresh: "5m",
		Summary:   "Where journeys come from, how far each channel and campaign brings them, and which touch earned the revenue.",
		Variables: dimensions(), Annotations: marks(),
		Rows: []grafana.Row{
			{Panels: []grafana.Panel{acquisitionSummary(), entries(2, "channels", "channel", "Entry channel"), acquisitionTrend()}},
			{ID: 100, Title: "Which touch earned it", Panels: []grafana.Panel{
				attribution(4, "attribution", "channel", "Channel"), attribution(5, "campaign_attribution", "campaign", "Campaign"),
			}},
			{ID: 101, Title: "Campaigns and paths", Collapsed: true, Panels: []grafana.Panel{entries(6, "campaigns", "campaign", "Entry campaign"), acquisitionPaths()}},
		},
	}
}

func acquisitionSummary() grafana.Panel {
	return grafana.Panel{
		ID: 1, Title: "Journeys begun in this time", Width: 24, Height: 4, Chart: grafana.Stats(), Targets: from(acquisitionFolder, "summary"), Unit: number, Empty: nothing,
		Help: "New is the share of first journeys of a customer. Without a source came direct or with nothing that tells where from: when that grows, look whether links have lost their campaign parameters.",
		Fields: []grafana.Field{
			column("journeys", "Journeys", number), column("new_share", "New customers", share), column("unattributed_share", "Without a source", share),
			column("orders", "Orders", number), column("revenue_total", "Revenue", money), column("revenue_per_journey", "Revenue a journey", money),
		},
	}
}

func entries(id int, query, name, word string) grafana.Panel {
	fields := []grafana.Field{{Name: name + "_name", Title: word}, column("journeys", "Journeys", number), column("no_stage", "No stage", number)}
	return grafana.Panel{
		ID: id, Title: word + " to furthest stage", Width: 24, Height: 10, Chart: grafana.Table(), Targets: from(acquisitionFolder, query), Unit: number, Empty: nothing,
		Help: "Each journey counts once, under the first " + name + " that touched it and the furthest stage that it came to. Bought is the share with a purchase by now.",
		Fields: append(append(fields, stageCells(number)...), bar("conversion", "Bought"), column("revenue_total", "Revenue", money),
			column("revenue_per_journey", "Revenue a journey", money)),
	}
}

func acquisitionTrend() grafana.Panel {
	return grafana.Panel{
		ID: 3, Title: "Journeys by entry channel", Width: 24, Height: 9, Chart: grafana.Area(), Targets: from(acquisitionFolder, "trend"), Unit: number, Min: grafana.Number(0.0), Empty: nothing, Interval: "1h",
		Display: "${__field.labels.channel_name}",
		Help:    "By the time of the first touch. A channel that stops at once has a broken link or a campaign that ran out.",
	}
}

func attribution(id int, query, name, word string) grafana.Panel {
	return grafana.Panel{
		ID: id, Title: "Revenue by " + name, Width: 12, Height: 11, Chart: grafana.Table(), Targets: from(acquisitionFolder, query), Unit: money, Empty: "No purchase in this time range",
		Help: "The same revenue shared out three ways: to the first touch, the last one before the purchase, and the last one that was not direct. Channels that begin journeys stand higher under First than under Last.",
		Fields: []grafana.Field{
			{Name: name + "_name", Title: word}, column("conversions_first", "Orders, first", number), column("conversions_last", "Orders, last", number),
			column("conversions_last_non_direct", "Orders, last non-direct", number), column("revenue_first", "Revenue, first", money),
			column("revenue_last", "Revenue, last", money), column("revenue_last_non_direct", "Revenue, last non-direct", money),
		},
	}
}

func acquisitionPaths() grafana.Panel {
	return grafana.Panel{
		ID: 7, Title: "Commonest paths to a purchase", Width: 24, Height: 10, Chart: grafana.Table(), Targets: from(acquisitionFolder, "paths"), Unit: number, Empty: "No purchase in this time range",
		Help: "Channels in the order in which they touched journeys up to the first purchase; repeats of one channel are drawn together.",
		Fields: []grafana.Field{
			{Name: "path", Title: "Path"}, column("journeys", "Journeys", number), column("revenue_total", "Revenue", money), column("time_to_purchase", "Median time to purchase", seconds),
		},
	}
}
