package boards

import "github.com/throughline/throughline/dashboards/internal/grafana"

const transitionsFolder = "stage-transitions"

func stageTransitions() grafana.Board {
	return grafana.Board{
		UID: prefix + transitionsFolder, Title: "Stage transitions", Source: grafana.ClickHouse, Since: "now-30d", Refresh: "5m",
		Summary: "How journeys move between the stages: forward, past a stage, or back, how often and after how long.",
		Variables: append(dimensions(),
			grafana.Variable{Name: "from_stage", Label: "From", Values: append([]string{"start"}, stageNames...)},
			grafana.Variable{Name: "to_stage", Label: "To", Values: stageNames},
		),
		Annotations: marks(),
		Rows: []grafana.Row{
			{Panels: []grafana.Panel{transitionsSummary(), transitionsMatrix(), transitionsGraph()}},
			{ID: 100, Title: "Over time", Panels: []grafana.Panel{transitionsTrend(), transitionsKinds()}},
			{ID: 101, Title: "Between which stages, and after how long", Collapsed: true, Panels: []grafana.Panel{transitionsFlows(), transitionsDwell()}},
			{ID: 102, Title: "Who they are", Collapsed: true, Panels: []grafana.Panel{transitionsLatest()}},
		},
	}
}

func transitionsSummary() grafana.Panel {
	return grafana.Panel{
		ID: 1, Title: "Steps between stages", Width: 24, Height: 4, Chart: grafana.Stats(), Targets: from(transitionsFolder, "summary"), Unit: number, Empty: nothing,
		Help:   "Steps made in this time, without the first of each journey. Much skipping points at events that no stage rule names; much going back at people who compare before they decide.",
		Fields: []grafana.Field{column("transitions", "Steps", number), column("forward_share", "Forward", share), column("skip_share", "Past a stage", share), column("back_share", "Back", share)},
	}
}

func transitionsMatrix() grafana.Panel {
	return grafana.Panel{
		ID: 2, Title: "From (rows) to (columns)", Width: 12, Height: 11, Chart: grafana.Table(), Targets: from(transitionsFolder, "matrix"), Unit: number, Empty: nothing,
		Help:   "How many steps led from each stage to each other. Above the diagonal is forward, below it back. start is where journeys begin.",
		Fields: append([]grafana.Field{{Name: "from", Title: "From"}}, stageCells(number)...),
	}
}

func transitionsGraph() grafana.Panel {
	return grafana.Panel{
		ID: 3, Title: "The ways between the stages", Width: 12, Height: 11, Targets: from(transitionsFolder, "graph_nodes", "graph_edges"), Empty: nothing,
		Chart: grafana.Graph([2]string{"arc__forward", "blue"}, [2]string{"arc__skip", "super-light-blue"}, [2]string{"arc__back", "purple"}),
		Help:  "Each node is a stage with the steps into it; its ring shows how many came forward (blue), past a stage (light) or back (purple). Numbers on the edges are steps.",
	}
}

func transitionsTrend() grafana.Panel {
	return grafana.Panel{
		ID: 4, Title: "Entries into each stage", Width: 12, Height: 9, Chart: grafana.Lines(), Targets: from(transitionsFolder, "trend"), Unit: number, Min: grafana.Number(0.0), Empty: nothing, Interval: "1h",
		Help:   "A stage that falls to nothing while the others go on has lost its event or its rule: look at Data quality, events without a stage.",
		Fields: stageSeries(),
	}
}

func transitionsKinds() grafana.Panel {
	return grafana.Panel{
		ID: 5, Title: "Forward, past a stage, back", Width: 12, Height: 9, Chart: grafana.Stacked(), Targets: from(transitionsFolder, "kinds"), Unit: number, Min: grafana.Number(0.0), Empty: nothing, Interval: "1h",
		Help: "Steps over time by kind, without the first of each journey. A sudden change of the mixture comes from a changed site or changed rules more often than from changed people.",
		Fields: []grafana.Field{
			{Name: "forward", Title: "Forward", Colour: "blue"}, {Name: "skip", Title: "Past a stage", Colour: "super-light-blue"}, {Name: "back", Title: "Back", Colour: "purple"},
		},
	}
}

func transitionsFlows() grafana.Panel {
	show := []grafana.Link{{
		Title: "Show these steps below",
		URL:   same(transitionsFolder) + "&var-from_stage=${__data.fields.from}&var-to_stage=${__data.fields.to}",
	}}
	return grafana.Panel{
		ID: 6, Title: "Flows", Width: 12, Height: 11, Chart: grafana.Table(), Targets: from(transitionsFolder, "flows"), Unit: number, Empty: nothing, Hide: []string{"from_stage", "to_stage"},
		Help: "Every pair of stages with steps between them. Share is that of all steps out of the first one. A click shows who made the step.",
		Fields: []grafana.Field{
			{Name: "from", Title: "From", Links: show}, {Name: "to", Title: "To", Links: show}, {Name: "kind_name", Title: "Kind"}, column("transitions", "Steps", number),
			bar("share", "Share"), column("transitions_before", "Steps, before", number),
		},
	}
}

func transitionsDwell() grafana.Panel {
	return grafana.Panel{
		ID: 7, Title: "Time before the step", Width: 12, Height: 11, Chart: grafana.Table(), Targets: from(transitionsFolder, "dwell"), Unit: seconds, Empty: nothing,
		Help: "How long the first stage was held before the step to the second. A median of days is a reason to remind; of seconds, a reason to look whether both events come from one click.",
		Fields: []grafana.Field{
			{Name: "from", Title: "From"}, {Name: "to", Title: "To"}, column("transitions", "Steps", number), column("p50", "Median", seconds), column("p90", "p90", seconds), column("p99", "p99", seconds),
		},
	}
}

func transitionsLatest() grafana.Panel {
	return grafana.Panel{
		ID: 8, Title: "Latest steps", Width: 24, Height: 11, Chart: grafana.Table(), Targets: from(transitionsFolder, "transitions"), Empty: nothing, Hide: []string{"customer_kind"},
		Help: "The latest 200 steps between the stages chosen above as From and To. A click on a customer opens the timeline.",
		Fields: []grafana.Field{
			{Name: "at", Title: "At"}, {Name: "site", Title: "Site"}, customerField(), {Name: "from", Title: "From"}, {Name: "to", Title: "To"}, {Name: "kind", Title: "Kind"},
			column("dwell", "After", seconds), {Name: "channel_name", Title: "Channel"}, {Name: "campaign_name", Title: "Campaign"},
		},
	}
}
