package dashboards_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDashboardsKeepTheLinterRules holds the dashboards to the rules of Grafana's dashboard linter, and to ours beside them.
func TestDashboardsKeepTheLinterRules(t *testing.T) {
	for _, b := range read(t) {
		t.Run(b.UID, func(t *testing.T) {
			b.checkSelf(t)
			b.checkVariables(t)
			b.checkIDs(t)
			for _, p := range b.all() {
				b.checkPanel(t, p)
			}
			b.checkLayout(t)
		})
	}
}

func (b board) checkSelf(t *testing.T) {
	if b.Editable || b.ID != nil || b.Inputs != nil || b.GraphTooltip != 1 || b.SchemaVersion < 39 || b.SchemaVersion > 42 {
		t.Errorf("editable %v, id %v, inputs %v, tooltip %d, schema %d", b.Editable, b.ID, b.Inputs, b.GraphTooltip, b.SchemaVersion)
	}
	if b.Title == "" || b.Description == "" || !strings.HasPrefix(b.UID, "throughline-") || len(b.UID) > 40 || !slices.Contains(b.Tags, "throughline") {
		t.Errorf("title %q, description %q, uid %q, tags %v", b.Title, b.Description, b.UID, b.Tags)
	}
	for _, a := range b.Annotations.List {
		if a.Name != "Annotations & Alerts" && a.Datasource.UID != "${datasource}" {
			t.Errorf("annotation %s asks %s", a.Name, a.Datasource.UID)
		}
	}
}

func (b board) checkIDs(t *testing.T) {
	ids := map[int]bool{}
	for _, p := range b.Panels {
		for _, q := range append([]panel{p}, p.Panels...) {
			if ids[q.ID] || q.Title == "" {
				t.Errorf("%s %d %q has no title, or an id that is taken", q.Type, q.ID, q.Title)
			}
			ids[q.ID] = true
		}
	}
}

func (b board) checkVariables(t *testing.T) {
	first := b.Templating.List[0]
	if first.Name != "datasource" || first.Label != "Data source" || first.Type != "datasource" {
		t.Errorf("the first variable is %+v", first)
	}
	for _, v := range b.Templating.List[1:] {
		if v.Label == "" {
			t.Errorf("variable %s has no label", v.Name)
		}
		if v.Type == "query" && (v.Refresh != 2 || v.Datasource == nil || v.Datasource.UID != "${datasource}" || !v.Multi) {
			t.Errorf("query variable %+v", v)
		}
	}
	for _, name := range []string{"job", "instance"} {
		i := slices.IndexFunc(b.Templating.List, func(v choice) bool { return v.Name == name })
		switch prometheus := b.kind() == "prometheus"; {
		case prometheus && i < 0:
			t.Errorf("no variable %s", name)
		case prometheus && (b.Templating.List[i].AllValue != ".+" || b.Templating.List[i].Label != strings.ToUpper(name[:1])+name[1:]):
			t.Errorf("variable %+v", b.Templating.List[i])
		}
	}
}

// kind is the type of the data source.
func (b board) kind() string { return b.Templating.List[0].Query.(string) }

// units that Grafana knows and we use.
var units = []string{"short", "percentunit", "s", "locale", "bytes", "Bps", "cps", "reqps", "dateTimeFromNow"}

var variableName = regexp.MustCompile(`\$\{(\w+):singlequote\}|\$__conditionalAll\([^$]*\$\{(\w+)`)

func (b board) checkPanel(t *testing.T, p panel) {
	if p.Title == "" || p.Description == "" || p.FieldConfig.Defaults["noValue"] == "" || len(p.Targets) == 0 {
		t.Errorf("panel %d %q: no title, description, text for nothing, or target", p.ID, p.Title)
	}
	if !strings.HasSuffix(p.Description, ".") {
		t.Errorf("panel %d: the description is no sentence: %s", p.ID, p.Description)
	}
	unit, _ := p.FieldConfig.Defaults["unit"].(string)
	if (p.Type == "stat" || p.Type == "timeseries") && unit == "" || unit != "" && !slices.Contains(units, unit) {
		t.Errorf("panel %d: unit %q", p.ID, unit)
	}
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if property.ID == "unit" && !slices.Contains(units, property.Value.(string)) {
				t.Errorf("panel %d, %s: unit %v", p.ID, o.Matcher.Options, property.Value)
			}
		}
	}
	for _, target := range p.Targets {
		if target.Datasource != (source{b.kind(), "${datasource}"}) || p.Datasource != target.Datasource {
			t.Errorf("panel %d asks %+v by %+v", p.ID, p.Datasource, target.Datasource)
		}
		b.checkTarget(t, p, target.RawSQL, target.Expr, target.EditorType, target.QueryType, target.Format)
	}
}

func (b board) checkTarget(t *testing.T, p panel, sql, expr, editor, query string, format any) {
	if b.kind() == "prometheus" {
		if expr == "" {
			t.Errorf("panel %d has a target without an expression", p.ID)
		}
		return
	}
	kinds := map[string]float64{"timeseries": 0, "table": 1, "logs": 2}
	if number, ok := kinds[query]; editor != "sql" || !ok || format != number {
		t.Errorf("panel %d: editor %q, query type %q, format %v", p.ID, editor, query, format)
	}
	for _, m := range variableName.FindAllStringSubmatch(sql, -1) {
		if name := m[1] + m[2]; slices.IndexFunc(b.Templating.List, func(v choice) bool { return v.Name == name }) < 0 {
			t.Errorf("panel %d uses the variable %s, which the dashboard has not", p.ID, name)
		}
	}
	if query == "timeseries" && (!strings.Contains(sql, "AS time") || !strings.Contains(sql, "ORDER BY time")) {
		t.Errorf("panel %d is no time series: no column time, or not in its order", p.ID)
	}
}

// address is a link to a dashboard of ours; given are the variables that it sets, chosen the ones that it keeps.
var (
	address = regexp.MustCompile(`^/d/([\w-]+)(?:\?(.*))?$`)
	given   = regexp.MustCompile(`var-(\w+)=`)
	kept    = regexp.MustCompile(`\$\{(\w+):queryparam\}`)
)

// TestLinksLeadSomewhere: every link of a value or a panel names a dashboard that is there, keeps the time, and sets each
// variable once and only ones that the dashboard has.
func TestLinksLeadSomewhere(t *testing.T) {
	boards := map[string]board{}
	for _, b := range read(t) {
		boards[b.UID] = b
	}
	found := 0
	for _, b := range boards {
		for _, url := range b.urls {
			m := address.FindStringSubmatch(url)
			if m == nil || boards[m[1]].UID == "" || !strings.Contains(url, "${__url_time_range}") {
				t.Errorf("%s: a link to %s", b.UID, url)
				continue
			}
			found++
			set := map[string]bool{}
			for _, v := range append(given.FindAllStringSubmatch(url, -1), kept.FindAllStringSubmatch(url, -1)...) {
				if set[v[1]] || !boards[m[1]].has(v[1]) {
					t.Errorf("%s: the link sets %s twice, or for nobody: %s", b.UID, v[1], url)
				}
				set[v[1]] = true
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d links", found)
	}
}

func (b board) has(name string) bool {
	return slices.ContainsFunc(b.Templating.List, func(v choice) bool { return v.Name == name })
}

// checkLayout looks for panels that lie on one another or hang out.
func (b board) checkLayout(t *testing.T) {
	var lying []panel
	for _, p := range b.Panels {
		for _, q := range lying {
			if p.GridPos.X < q.GridPos.X+q.GridPos.W && q.GridPos.X < p.GridPos.X+p.GridPos.W && p.GridPos.Y < q.GridPos.Y+q.GridPos.H && q.GridPos.Y < p.GridPos.Y+p.GridPos.H {
				t.Errorf("panels %d and %d lie on one another", p.ID, q.ID)
			}
		}
		if lying = append(lying, p); p.GridPos.X+p.GridPos.W > 24 || p.GridPos.H == 0 {
			t.Errorf("panel %d lies at %+v", p.ID, p.GridPos)
		}
	}
}
