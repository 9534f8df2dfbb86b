package grafana

func set(o object, name, value string) {
	if value != "" {
		o[name] = value
	}
}

func setNumber[T int | float64](o object, name string, value *T) {
	if value != nil {
		o[name] = *value
	}
}

// thresholds always has a base: without one of its own it is the colour of text, which says nothing.
func thresholds(all []Threshold) object {
	steps := []object{}
	if len(all) == 0 {
		all = []Threshold{{Colour: "text"}}
	}
	for _, t := range all {
		step := object{"color": t.Colour, "value": nil}
		if t.From != nil {
			step["value"] = *t.From
		}
		steps = append(steps, step)
	}
	return object{"mode": "absolute", "steps": steps}
}

func mappings(all []Mapping) []object {
	if len(all) == 0 {
		return []object{}
	}
	options := object{}
	for i, m := range all {
		result := object{"index": i, "text": m.Text}
		set(result, "color", m.Colour)
		options[m.Value] = result
	}
	return []object{{"type": "value", "options": options}}
}

func links(all []Link) []object {
	var out []object
	for _, l := range all {
		out = append(out, object{"title": l.Title, "url": l.URL, "targetBlank": false})
	}
	return out
}

// panelLinks stand in a panel's corner; unlike those of values they have the shape of a dashboard's links.
func panelLinks(all []Link) []object {
	var out []object
	for _, l := range all {
		out = append(out, object{
			"type": "link", "title": l.Title, "url": l.URL, "tags": []string{}, "asDropdown": false, "includeVars": false, "keepTime": false,
			"icon": "external link", "targetBlank": false, "tooltip": "",
		})
	}
	return out
}

// variable gives a variable's JSON; the data source comes before all others.
func (b Board) variable(v Variable) object {
	out := object{"name": v.Name, "label": v.Label, "hide": 0, "skipUrlSync": false}
	switch {
	case v.Text:
		out["type"], out["query"] = "textbox", v.Default
		out["current"] = object{"text": v.Default, "value": v.Default}
		out["options"] = []object{{"text": v.Default, "value": v.Default, "selected": true}}
		return out
	case len(v.Values) > 0:
		out["type"], out["query"], out["options"] = "custom", join(v.Values), []object{}
	default:
		out["type"], out["datasource"], out["refresh"], out["sort"] = "query", b.Source.reference(), 2, 1
		out["query"], out["regex"], out["options"] = v.Query, "", []object{}
	}
	if v.One {
		out["multi"], out["includeAll"], out["current"] = false, false, object{"text": v.Default, "value": v.Default}
		return out
	}
	out["multi"], out["includeAll"], out["current"] = true, true, object{"text": "All", "value": []string{"$__all"}}
	if b.Source == Prometheus {
		out["query"] = object{"query": v.Query, "refId": "PrometheusVariableQueryEditor-VariableQuery", "qryType": 1}
		out["allValue"] = ".+"
	}
	return out
}

func join(values []string) string {
	out := ""
	for i, v := range values {
		if i > 0 {
			out += ","
		}
		out += v
	}
	return out
}

// source is the variable that names the data source.
func (b Board) source() object {
	return object{
		"type": "datasource", "name": "datasource", "label": "Data source", "query": string(b.Source), "current": object{},
		"hide": 0, "includeAll": false, "multi": false, "options": []object{}, "refresh": 1, "regex": "", "skipUrlSync": false,
	}
}

func (b Board) annotation(a Annotation) object {
	out := object{"name": a.Name, "datasource": b.Source.reference(), "enable": true, "hide": false, "iconColor": a.Colour}
	if b.Source == Prometheus {
		out["expr"], out["titleFormat"], out["textFormat"], out["step"], out["useValueForTime"] = a.Query, a.Title, "", "1m", "false"
		out["target"] = object{"refId": "Anno", "expr": a.Query, "interval": "1m"}
		return out
	}
	out["target"] = b.target(Target{Query: a.Query}, tableFormat, "Anno")
	return out
}
