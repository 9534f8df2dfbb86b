package grafana

type object = map[string]any

// Chart is a kind of panel with its options.
type Chart struct {
	kind    string
	options object
	custom  object
	// format is what the ClickHouse plugin makes of the answer: time series, table or logs.
	format format
}

type format struct {
	number int
	name   string
}

var (
	seriesFormat = format{0, "timeseries"}
	tableFormat  = format{1, "table"}
	logsFormat   = format{2, "logs"}
)

// Stats shows each number of a single row, or the last of each series.
func Stats() Chart {
	return Chart{kind: "stat", format: tableFormat, options: object{
		"colorMode": "value", "graphMode": "none", "justifyMode": "center", "orientation": "auto", "textMode": "value_and_name",
		"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
	}}
}

// Tiles shows the newest value of each series with its course behind it, on a ground in the colour of its threshold.
func Tiles() Chart {
	c := Stats()
	c.format = seriesFormat
	c.options["colorMode"], c.options["graphMode"], c.options["textMode"] = "background", "area", "auto"
	return c
}

// Table shows rows.
func Table() Chart {
	return Chart{kind: "table", format: tableFormat,
		options: object{"cellHeight": "sm", "showHeader": true},
		custom:  object{"align": "auto", "cellOptions": object{"type": "auto"}, "inspect": false, "filterable": true},
	}
}

// Lines shows series over time.
func Lines() Chart { return series("line", "none", 10) }

// Bars shows series over time as bars; Stacked ones stand on one another.
func Bars() Chart { return series("bars", "none", 60) }

// Stacked shows series over time as bars on one another.
func Stacked() Chart { return series("bars", "normal", 70) }

// Area shows series over time as areas on one another.
func Area() Chart { return series("line", "normal", 40) }

func series(style, stacking string, fill int) Chart {
	return Chart{kind: "timeseries", format: seriesFormat,
		options: object{
			"legend":  object{"calcs": []string{"mean", "max"}, "displayMode": "table", "placement": "bottom", "showLegend": true},
			"tooltip": object{"mode": "multi", "sort": "desc"},
		},
		custom: object{
			"drawStyle": style, "fillOpacity": fill, "lineWidth": 1, "showPoints": "never", "spanNulls": false,
			"stacking": object{"group": "A", "mode": stacking}, "axisPlacement": "auto", "thresholdsStyle": object{"mode": "off"},
		},
	}
}

// BarRows shows one lying bar a row, its parts one after another; names is the column with the names of the bars.
func BarRows(names string) Chart {
	return Chart{kind: "barchart", format: tableFormat,
		options: object{
			"orientation": "horizontal", "xField": names, "stacking": "normal", "showValue": "auto", "barWidth": 0.8, "groupWidth": 0.7,
			"legend":  object{"calcs": []string{}, "displayMode": "list", "placement": "bottom", "showLegend": true},
			"tooltip": object{"mode": "multi", "sort": "none"}, "xTickLabelRotation": 0, "xTickLabelSpacing": 0, "barRadius": 0.0, "fullHighlight": false,
		},
		custom: object{"fillOpacity": 80, "lineWidth": 0, "axisPlacement": "auto", "axisBorderShow": false},
	}
}

// States shows what was the case when.
func States() Chart {
	return Chart{kind: "state-timeline", format: tableFormat,
		options: object{
			"mergeValues": true, "showValue": "auto", "alignValue": "left", "rowHeight": 0.9,
			"legend": object{"calcs": []string{}, "displayMode": "list", "placement": "bottom", "showLegend": true}, "tooltip": object{"mode": "single", "sort": "none"},
		},
		custom: object{"fillOpacity": 80, "lineWidth": 0},
	}
}

// Graph shows nodes and the edges between them. Arcs are the colours of the fields of a node's ring.
func Graph(arcs ...[2]string) Chart {
	ring := []object{}
	for _, arc := range arcs {
		ring = append(ring, object{"field": arc[0], "color": arc[1]})
	}
	return Chart{kind: "nodeGraph", format: tableFormat, options: object{
		"nodes": object{"mainStatUnit": "short", "arcs": ring}, "edges": object{"mainStatUnit": "short"},
	}}
}

// Logs shows lines, the newest first.
func Logs() Chart {
	return Chart{kind: "logs", format: logsFormat, options: object{
		"showTime": true, "wrapLogMessage": true, "enableLogDetails": true, "dedupStrategy": "none", "sortOrder": "Descending",
		"prettifyLogMessage": false, "showLabels": false, "showCommonLabels": false,
	}}
}
