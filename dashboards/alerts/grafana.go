package alerts

// GrafanaFile is a file that Grafana is provisioned with.
type GrafanaFile struct {
	APIVersion int            `yaml:"apiVersion"`
	Groups     []GrafanaGroup `yaml:"groups"`
}

// GrafanaGroup is a group of rules in a folder.
type GrafanaGroup struct {
	OrgID    int           `yaml:"orgId"`
	Name     string        `yaml:"name"`
	Folder   string        `yaml:"folder"`
	Interval string        `yaml:"interval"`
	Rules    []GrafanaRule `yaml:"rules"`
}

// GrafanaRule asks Prometheus (A), takes the last value of each series (B) and compares it (C).
type GrafanaRule struct {
	UID          string            `yaml:"uid"`
	Title        string            `yaml:"title"`
	Condition    string            `yaml:"condition"`
	For          string            `yaml:"for"`
	Keep         string            `yaml:"keepFiringFor,omitempty"`
	NoData       string            `yaml:"noDataState"`
	Error        string            `yaml:"execErrState"`
	DashboardUID string            `yaml:"dashboardUid"`
	Labels       map[string]string `yaml:"labels"`
	Annotations  map[string]string `yaml:"annotations"`
	Data         []GrafanaQuery    `yaml:"data"`
}

// GrafanaQuery is one step of a rule.
type GrafanaQuery struct {
	RefID      string        `yaml:"refId"`
	Datasource string        `yaml:"datasourceUid"`
	Range      *GrafanaRange `yaml:"relativeTimeRange,omitempty"`
	Model      GrafanaModel  `yaml:"model"`
}

// GrafanaRange is in seconds before now.
type GrafanaRange struct {
	From int `yaml:"from"`
	To   int `yaml:"to"`
}

// GrafanaModel is what a step does; which fields count depends on its kind.
type GrafanaModel struct {
	RefID      string             `yaml:"refId"`
	Expr       string             `yaml:"expr,omitempty"`
	Instant    bool               `yaml:"instant,omitempty"`
	Type       string             `yaml:"type,omitempty"`
	Expression string             `yaml:"expression,omitempty"`
	Reducer    string             `yaml:"reducer,omitempty"`
	Settings   map[string]string  `yaml:"settings,omitempty"`
	Conditions []GrafanaCondition `yaml:"conditions,omitempty"`
}

// GrafanaCondition is the comparison.
type GrafanaCondition struct {
	Evaluator GrafanaEvaluator `yaml:"evaluator"`
}

// GrafanaEvaluator holds the value against the threshold.
type GrafanaEvaluator struct {
	Type   string    `yaml:"type"`
	Params []float64 `yaml:"params"`
}

// DatasourceUID is the uid that the Prometheus data source is provisioned with: rules cannot use variables.
const DatasourceUID = "prometheus"

const value = `{{ (index .Values "B").Value | `

// Grafana gives the provisioning file. A rule whose expression gives nothing is well: expressions say by a value that something is
// absent.
func Grafana(groups []Group) ([]byte, error) {
	file := GrafanaFile{APIVersion: 1}
	for _, g := range groups {
		group := GrafanaGroup{OrgID: 1, Name: g.Name, Folder: "Throughline", Interval: duration(g.Every)}
		for i := range g.Rules {
			group.Rules = append(group.Rules, grafanaRule(&g.Rules[i]))
		}
		file.Groups = append(file.Groups, group)
	}
	return encode(file)
}

func grafanaRule(r *Rule) GrafanaRule {
	v := value + string(r.Unit) + " }}"
	return GrafanaRule{
		UID: r.uid(), Title: r.Name, Condition: "C", For: duration(r.For), Keep: duration(r.Keep),
		NoData: "OK", Error: "Error", DashboardUID: string(r.Dashboard),
		Labels: map[string]string{"severity": string(r.Severity)},
		Annotations: map[string]string{
			"summary": text(r.Summary, v), "description": text(r.Description, v), "runbook_url": r.RunbookURL(),
			"__dashboardUid__": string(r.Dashboard),
		},
		Data: []GrafanaQuery{
			{
				RefID: "A", Datasource: DatasourceUID, Range: &GrafanaRange{From: 600},
				Model: GrafanaModel{RefID: "A", Expr: r.Expr, Instant: true},
			},
			{
				RefID: "B", Datasource: "__expr__",
				Model: GrafanaModel{RefID: "B", Type: "reduce", Expression: "A", Reducer: "last", Settings: map[string]string{"mode": "dropNN"}},
			},
			{
				RefID: "C", Datasource: "__expr__",
				Model: GrafanaModel{
					RefID: "C", Type: "threshold", Expression: "B",
					Conditions: []GrafanaCondition{{GrafanaEvaluator{Type: string(r.Compare), Params: []float64{r.Threshold}}}},
				},
			},
		},
	}
}
