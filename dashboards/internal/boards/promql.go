package boards

import (
	"strings"

	"github.com/throughline/throughline/dashboards/internal/grafana"
)

// chosen narrows every series to the jobs and instances chosen above.
const chosen = `job=~"$job",instance=~"$instance"`

// prom gives a query: @ stands for the choice of jobs and instances, and [] for the window of a rate.
func prom(query, legend string) grafana.Target {
	query = strings.ReplaceAll(strings.ReplaceAll(query, "@", chosen), "[]", "[$__rate_interval]")
	return grafana.Target{Query: query, Legend: legend}
}

// quantiles gives the lines of a histogram's quantiles.
func quantiles(metric string, by string) []grafana.Target {
	var all []grafana.Target
	for _, q := range []struct{ value, name string }{{"0.5", "p50"}, {"0.95", "p95"}, {"0.99", "p99"}} {
		legend, group := q.name, "le"
		if by != "" {
			legend, group = q.name+" {{"+by+"}}", "le, "+by
		}
		all = append(all, prom("histogram_quantile("+q.value+", sum by ("+group+") (rate("+metric+"_bucket{@}[])))", legend))
	}
	return all
}

// p99 gives one line a value of a label.
func p99(metric, by string) grafana.Target {
	return prom("histogram_quantile(0.99, sum by (le, "+by+") (rate("+metric+"_bucket{@}[])))", "{{"+by+"}}")
}

// promVariables are those that Prometheus dashboards have; job and instance are its own words.
func promVariables() []grafana.Variable {
	return []grafana.Variable{
		{Name: "job", Label: "Job", Query: `label_values(throughline_build_info{job=~"throughline.*"}, job)`},
		{Name: "instance", Label: "Instance", Query: `label_values(throughline_build_info{job=~"$job"}, instance)`},
	}
}

// promMarks are deployments and restarts.
func promMarks() []grafana.Annotation {
	return []grafana.Annotation{
		{Name: "Deployments", Query: prom(`sum by (version) (throughline_build_info{@}) unless sum by (version) (throughline_build_info{@} offset 5m)`, "").Query, Title: "Version {{version}}", Colour: "blue"},
		{Name: "Stage rules", Query: prom(`sum by (version) (throughline_processor_rules_info{@}) unless sum by (version) (throughline_processor_rules_info{@} offset 5m)`, "").Query, Title: "Stage rules {{version}}", Colour: "purple"},
		{Name: "Restarts", Query: prom(`changes(process_start_time_seconds{@}[2m]) > 0`, "").Query, Title: "Restart of {{instance}}", Colour: "text"},
	}
}

// lines is a time series of some targets, from 0 up.
func lines(id int, name, unit, help string, targets ...grafana.Target) grafana.Panel {
	return grafana.Panel{
		ID: id, Title: name, Help: help, Unit: unit, Width: 6, Height: 8, Chart: grafana.Lines(), Targets: targets, Min: grafana.Number(0.0),
		Empty: "Nothing measured: is Prometheus scraping the admin address?",
	}
}

// tile is one station of the way from left to right: text colour while all is well, orange and red from some values on.
func tile(id int, name, unit, help string, orange, red float64, target grafana.Target) grafana.Panel {
	return grafana.Panel{
		ID: id, Title: name, Help: help, Unit: unit, Width: 4, Height: 5, Chart: grafana.Tiles(), Targets: []grafana.Target{target}, Decimals: grafana.Number(1),
		Empty:      "Nothing measured: is Prometheus scraping the admin address?",
		Thresholds: []grafana.Threshold{{Colour: "semi-dark-blue"}, {Colour: "orange", From: &orange}, {Colour: "red", From: &red}},
	}
}
