package boards

import "github.com/throughline/throughline/dashboards/internal/grafana"

const qualityFolder = "data-quality"

func dataQuality() grafana.Board {
	return grafana.Board{
		UID: prefix + qualityFolder, Title: "Data quality", Source: grafana.ClickHouse, Since: "now-24h", Refresh: "1m",
		Summary:   "Whether what comes in can be trusted: accepted and rejected, late, from clocks that are off, from bots, without a stage, twice.",
		Variables: siteOnly(), Annotations: marks(),
		Rows: []grafana.Row{
			{Panels: []grafana.Panel{qualitySummary(), qualityAccepted(), qualityRejected()}},
			{ID: 100, Title: "Rejected", Panels: []grafana.Panel{qualityReasons(), qualityLog()}},
			{ID: 101, Title: "Accepted, but", Collapsed: true, Panels: []grafana.Panel{qualityLate(), qualitySkew(), qualityUnmatched(), qualityBots(), qualityDuplicates()}},
			{ID: 102, Title: "As they come in", Collapsed: true, Panels: []grafana.Panel{qualityArrivals()}},
		},
	}
}

// quiet is shown where nothing came in, and fine where nothing is wrong.
const (
	quiet = "No touchpoint in this time range. Send one: see the first page of the documentation"
	fine  = "None in this time range: good"
)

func qualitySummary() grafana.Panel {
	limits := func(name, title string, orange, red float64) grafana.Field {
		f := column(name, title, share)
		f.Thresholds = []grafana.Threshold{{Colour: "text"}, {Colour: "orange", From: &orange}, {Colour: "red", From: &red}}
		return f
	}
	return grafana.Panel{
		ID: 1, Title: "Is it good?", Width: 24, Height: 4, Chart: grafana.Stats(), Targets: from(qualityFolder, "summary"), Unit: number, Empty: quiet,
		Help: "Shares of what was accepted, but for Rejected, which is of all. Orange deserves a look, red an answer: rejected, read the reasons below; late, a queue at a sender; clock off, trust the order less; no stage, write a stage rule.",
		Fields: []grafana.Field{
			column("accepted", "Accepted", number), column("rejected", "Rejected", number), limits("rejected_share", "Rejected, share", 0.01, 0.05),
			limits("late_share", "Late by an hour", 0.05, 0.2), limits("skewed_share", "Clock off by a minute", 0.05, 0.2), limits("unmatched_share", "Without a stage", 0.1, 0.3),
			column("bot_share", "Bots", share),
		},
	}
}

func qualityAccepted() grafana.Panel {
	return grafana.Panel{
		ID: 2, Title: "Accepted, by site", Width: 12, Height: 9, Chart: grafana.Stacked(), Targets: from(qualityFolder, "accepted"), Unit: number, Min: grafana.Number(0.0), Empty: quiet, Interval: "1m",
		Display: "${__field.labels.site}",
		Help:    "Touchpoints by the time they occurred. A site that falls silent has lost its script, its key, or its visitors.",
	}
}

func qualityRejected() grafana.Panel {
	return grafana.Panel{
		ID: 3, Title: "Rejected, by reason", Width: 12, Height: 9, Chart: grafana.Stacked(), Targets: from(qualityFolder, "rejected"), Unit: number, Min: grafana.Number(0.0), Empty: fine, Interval: "1m",
		Display: "${__field.labels.reason}",
		Help:    "A step upward at a deployment of a sender is that deployment's mistake. The reasons are listed below with the field at fault.",
	}
}

func qualityReasons() grafana.Panel {
	return grafana.Panel{
		ID: 4, Title: "Why, and whose", Width: 24, Height: 8, Chart: grafana.Table(), Targets: from(qualityFolder, "reasons"), Unit: number, Empty: fine,
		Help: "Rejected events are kept with their bytes: correct the sender, and send them again if they matter. An empty site is a write key that nobody knows.",
		Fields: []grafana.Field{
			{Name: "site", Title: "Site"}, {Name: "reason", Title: "Reason"}, {Name: "field", Title: "Field"}, {Name: "component", Title: "Refused by"}, column("events", "Events", number),
			{Name: "last_seen", Title: "Last seen"}, {Name: "latest_detail", Title: "Latest detail"},
		},
	}
}

func qualityLog() grafana.Panel {
	return grafana.Panel{
		ID: 5, Title: "Latest rejected events", Width: 24, Height: 9, Chart: grafana.Logs(), Targets: from(qualityFolder, "rejected_events"), Empty: fine,
		Help: "The latest 100 as they were received, client addresses blanked. Open one to see its fields.",
	}
}

func qualityLate() grafana.Panel {
	return grafana.Panel{
		ID: 6, Title: "Received how long after it occurred", Width: 12, Height: 9, Chart: grafana.Stacked(), Targets: from(qualityFolder, "late"), Unit: number, Min: grafana.Number(0.0), Empty: quiet, Interval: "1m",
		Help: "Late touchpoints are put where they belong and change journeys after the fact. Many of them mean a sender that queues: an app that was offline, a job that runs at night.",
		Fields: []grafana.Field{
			{Name: "within_10_s", Title: "within 10 s", Colour: "super-light-blue"}, {Name: "within_1_min", Title: "within 1 min", Colour: "light-blue"}, {Name: "within_1_h", Title: "within 1 h", Colour: "blue"},
			{Name: "within_1_d", Title: "within 1 day", Colour: "dark-blue"}, {Name: "later", Title: "later", Colour: "purple"},
		},
	}
}

func qualitySkew() grafana.Panel {
	return grafana.Panel{
		ID: 7, Title: "Clocks of senders", Width: 12, Height: 9, Chart: grafana.Lines(), Targets: from(qualityFolder, "skew"), Unit: seconds, Empty: "No touchpoint says when it was sent", Interval: "5m",
		Help: "Received minus sent. A little above 0 is the way through the network; far off is a clock that is wrong. Times are corrected by it, so it does no harm; senders without sent_at cannot be corrected.",
		Fields: []grafana.Field{
			{Name: "p1", Title: "p1: fastest clocks", Colour: "super-light-blue"}, {Name: "p50", Title: "median", Colour: "blue"}, {Name: "p99", Title: "p99: slowest clocks", Colour: "purple"},
		},
	}
}

func qualityUnmatched() grafana.Panel {
	return grafana.Panel{
		ID: 8, Title: "Events that no stage rule names", Width: 12, Height: 10, Chart: grafana.Table(), Targets: from(qualityFolder, "unmatched"), Unit: number, Empty: fine,
		Help: "They were sent without a stage and move no journey. Give the common ones a rule in the stage rules, or stop sending them.",
		Fields: []grafana.Field{
			{Name: "event_name", Title: "Event"}, {Name: "type", Title: "Type"}, {Name: "site", Title: "Site"}, column("touchpoints", "Touchpoints", number), column("customers", "Customers", number),
			{Name: "last_seen", Title: "Last seen"}, {Name: "example_path", Title: "Example page"},
		},
	}
}

func qualityBots() grafana.Panel {
	return grafana.Panel{
		ID: 9, Title: "Bots", Width: 12, Height: 10, Chart: grafana.Table(), Targets: from(qualityFolder, "bots"), Unit: number, Empty: fine,
		Help: "Accepted and marked; they are in no journey unless the site asks for it. A kind that grows without a name you know may be a scraper.",
		Fields: []grafana.Field{
			{Name: "kind", Title: "Kind"}, column("touchpoints", "Touchpoints", number), column("customers", "Visitors", number), {Name: "last_seen", Title: "Last seen"}, {Name: "commonest_agent", Title: "Commonest user agent"},
		},
	}
}

func qualityDuplicates() grafana.Panel {
	return grafana.Panel{
		ID: 10, Title: "Suspected duplicates", Width: 24, Height: 8, Chart: grafana.Table(), Targets: from(qualityFolder, "duplicates"), Unit: number, Empty: fine,
		Help: "The same event of a customer at the same millisecond under different message ids: a sender that tries again without keeping the id. Copies with the same id are never stored twice; the dashboard Pipeline counts them.",
		Fields: []grafana.Field{
			{Name: "site", Title: "Site"}, {Name: "event", Title: "Event"}, {Name: "source", Title: "Came by"}, column("suspects", "Suspects", number), column("share", "Share of the event", share), {Name: "last_seen", Title: "Last seen"},
		},
		Links: []grafana.Link{{Title: "Copies with the same id: Pipeline", URL: "/d/throughline-pipeline?${__url_time_range}"}},
	}
}

func qualityArrivals() grafana.Panel {
	return grafana.Panel{
		ID: 11, Title: "Latest events", Width: 24, Height: 12, Chart: grafana.Table(), Targets: from(qualityFolder, "arrivals"), Empty: quiet,
		Help: "The latest 100, accepted and rejected, with the stage and the rule that gave it.",
		Fields: []grafana.Field{
			{Name: "received_at", Title: "Received"}, {Name: "site", Title: "Site"}, {Name: "verdict", Title: "Verdict", Mappings: []grafana.Mapping{{Value: "rejected", Text: "rejected", Colour: "red"}}},
			{Name: "event", Title: "Event or reason"}, {Name: "stage_name", Title: "Stage"}, {Name: "rule", Title: "Rule"}, customerField(), {Name: "detail", Title: "Page or fault"},
		},
	}
}
