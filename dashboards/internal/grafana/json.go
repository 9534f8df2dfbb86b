package grafana

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Tag is on every dashboard; the links between them follow it.
const Tag = "throughline"

// schemaVersion is one that Grafana 10 to 13 read.
const schemaVersion = 39

// JSON gives the dashboard as Grafana provisions it, keys sorted, ending in a line feed.
func (b Board) JSON() ([]byte, error) {
	variables := []object{b.source()}
	for _, v := range b.Variables {
		variables = append(variables, b.variable(v))
	}
	annotations := []object{{
		"builtIn": 1, "datasource": object{"type": "grafana", "uid": "-- Grafana --"}, "enable": true, "hide": true,
		"iconColor": "blue", "name": "Annotations & Alerts", "type": "dashboard",
	}}
	for _, a := range b.Annotations {
		annotations = append(annotations, b.annotation(a))
	}
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	to.SetIndent("", "  ")
	err := to.Encode(object{
		"id": nil, "uid": b.UID, "title": b.Title, "description": b.Summary, "tags": []string{Tag}, "schemaVersion": schemaVersion, "version": 1,
		"editable": false, "graphTooltip": 1, "fiscalYearStartMonth": 0, "timezone": "browser", "refresh": b.Refresh,
		"time": object{"from": b.Since, "to": "now"}, "timepicker": object{},
		"templating": object{"list": variables}, "annotations": object{"list": annotations}, "links": b.links(), "panels": b.panels(),
	})
	if err != nil {
		return nil, fmt.Errorf("dashboard %s: %w", b.UID, err)
	}
	return out.Bytes(), nil
}

// links lead to all dashboards with the same tag and keep time and variables.
func (b Board) links() []object {
	return []object{{
		"type": "dashboards", "title": "Throughline", "tags": []string{Tag}, "asDropdown": true, "includeVars": true, "keepTime": true,
		"icon": "external link", "targetBlank": false, "tooltip": "The other dashboards, with this time range and these choices", "url": "",
	}}
}

// columns is the width of a dashboard.
const columns = 24

// panels lays the rows out, one under another.
func (b Board) panels() []object {
	var all []object
	y := 0
	for _, r := range b.Rows {
		row := object{"id": r.ID, "type": "row", "title": r.Title, "collapsed": r.Collapsed, "gridPos": object{"x": 0, "y": y, "w": columns, "h": 1}, "panels": []object{}}
		panels, end := b.place(r.Panels, y+1)
		switch {
		case r.Collapsed:
			row["panels"] = panels
			all, y = append(all, row), y+1
		case r.Title == "": // the answer at the top needs no title
			panels, end = b.place(r.Panels, y)
			all, y = append(all, panels...), end
		default:
			all, y = append(append(all, row), panels...), end
		}
	}
	return all
}

// place puts panels from left to right and begins a new line where one has no room.
func (b Board) place(panels []Panel, y int) ([]object, int) {
	var all []object
	x, height := 0, 0
	for _, p := range panels {
		if x+p.Width > columns {
			x, y, height = 0, y+height, 0
		}
		all = append(all, b.panel(p, x, y))
		x, height = x+p.Width, max(height, p.Height)
	}
	return all, y + height
}
