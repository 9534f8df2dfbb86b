package grafana

import "fmt"

// panel gives a panel's JSON at a place.
func (b Board) panel(p Panel, x, y int) object {
	if p.Chart.kind == "" {
		panic(fmt.Sprintf("%s: panel %d has no chart", b.UID, p.ID))
	}
	out := object{
		"id": p.ID, "type": p.Chart.kind, "title": p.Title, "description": p.Help, "datasource": b.Source.reference(),
		"gridPos":     object{"x": x, "y": y, "w": p.Width, "h": p.Height},
		"fieldConfig": object{"defaults": p.defaults(), "overrides": p.overrides()},
		"options":     p.Chart.options, "targets": b.targets(p),
	}
	if p.Interval != "" {
		out["interval"] = p.Interval
	}
	if len(p.Links) > 0 {
		out["links"] = panelLinks(p.Links)
	}
	if len(p.Hide) > 0 {
		hidden := object{}
		for _, name := range p.Hide {
			hidden[name] = true
		}
		out["transformations"] = []object{{"id": "organize", "options": object{"excludeByName": hidden, "indexByName": object{}, "renameByName": object{}}}}
	}
	return out
}

// reference is how everything on a dashboard names its data source.
func (s Source) reference() object {
	return object{"type": string(s), "uid": "${datasource}"}
}

func (b Board) targets(p Panel) []object {
	var all []object
	for i, t := range p.Targets {
		all = append(all, b.target(t, p.Chart.format, string(rune('A'+i))))
	}
	return all
}

func (b Board) target(t Target, f format, id string) object {
	if b.Source == Prometheus {
		out := object{"refId": id, "datasource": b.Source.reference(), "expr": t.Query, "legendFormat": t.Legend, "editorMode": "code", "range": !t.Instant, "instant": t.Instant}
		if f == tableFormat && t.Instant {
			out["format"] = "table"
		}
		return out
	}
	return object{
		"refId": id, "datasource": b.Source.reference(), "editorType": "sql", "queryType": f.name, "format": f.number,
		"rawSql": t.Query, "pluginVersion": "4.14.1", "meta": object{},
	}
}

func (p Panel) defaults() object {
	out := object{"custom": object{}, "mappings": mappings(p.Mappings), "thresholds": thresholds(p.Thresholds), "noValue": p.Empty}
	if p.Chart.custom != nil {
		out["custom"] = p.Chart.custom
	}
	out["color"] = object{"mode": "palette-classic"}
	if len(p.Thresholds) > 0 {
		out["color"] = object{"mode": "thresholds"}
	} else if p.Chart.kind == "stat" || p.Chart.kind == "table" {
		out["color"] = object{"mode": "fixed", "fixedColor": "text"}
	}
	set(out, "unit", p.Unit)
	set(out, "displayName", p.Display)
	setNumber(out, "decimals", p.Decimals)
	setNumber(out, "min", p.Min)
	setNumber(out, "max", p.Max)
	return out
}

func (p Panel) overrides() []object {
	all := []object{}
	for _, f := range p.Fields {
		all = append(all, object{"matcher": object{"id": "byName", "options": f.Name}, "properties": f.properties()})
	}
	return all
}

// properties are what a field has of its own.
func (f Field) properties() []object {
	all := []object{}
	add := func(id string, value any) { all = append(all, object{"id": id, "value": value}) }
	for _, p := range []struct{ id, value string }{{"displayName", f.Title}, {"unit", f.Unit}} {
		if p.value != "" {
			add(p.id, p.value)
		}
	}
	if f.Decimals != nil {
		add("decimals", *f.Decimals)
	}
	if f.Min != nil {
		add("min", *f.Min)
	}
	if f.Max != nil {
		add("max", *f.Max)
	}
	if f.Width > 0 {
		add("custom.width", f.Width)
	}
	if f.Line {
		add("custom.drawStyle", "line")
		add("custom.fillOpacity", 0)
		add("custom.axisPlacement", "right")
		add("custom.stacking", object{"group": "B", "mode": "none"})
	}
	return append(all, f.looks()...)
}

// looks are the properties that colour a field and lead on from it.
func (f Field) looks() []object {
	var all []object
	add := func(id string, value any) { all = append(all, object{"id": id, "value": value}) }
	switch f.Cell {
	case "gauge":
		add("custom.cellOptions", object{"type": "gauge", "mode": "basic"})
	case "color-background":
		add("custom.cellOptions", object{"type": "color-background", "mode": "basic"})
	}
	switch {
	case f.Colour != "" && f.Cell == "color-background":
		add("color", object{"mode": "continuous-" + f.Colour})
	case f.Colour != "":
		add("color", object{"mode": "fixed", "fixedColor": f.Colour})
	}
	if len(f.Thresholds) > 0 {
		add("thresholds", thresholds(f.Thresholds))
		add("color", object{"mode": "thresholds"})
	}
	if len(f.Mappings) > 0 {
		add("mappings", mappings(f.Mappings))
	}
	if len(f.Links) > 0 {
		add("links", links(f.Links))
	}
	return all
}
