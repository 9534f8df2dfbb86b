// Package promql takes PromQL expressions of dashboards and alerts and says which of them do not parse, or name a metric or a label
// that no part of the pipeline exports. What is exported is read from dashboards/metrics.md, which a test keeps current.
package promql

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Metric is one line of the reference.
type Metric struct {
	Name, Type string
	Labels     []string
}

// row of the table in dashboards/metrics.md: name, type, labels.
var row = regexp.MustCompile("(?m)^\\| `([a-z_0-9]+)` \\| (counter|gauge|histogram|summary) \\| ([^|]*) \\|")

// Reference gives the exported metrics by name.
var Reference = sync.OnceValues(func() (map[string]Metric, error) {
	_, file, _, _ := runtime.Caller(0)
	text, err := os.ReadFile(filepath.Join(filepath.Dir(file), "../../dashboards/metrics.md"))
	if err != nil {
		return nil, fmt.Errorf("the reference of metrics: %w", err)
	}
	all := map[string]Metric{}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		metric := Metric{Name: m[1], Type: m[2]}
		for _, label := range strings.Split(m[3], ",") {
			if label = strings.Trim(label, " `"); label != "" {
				metric.Labels = append(metric.Labels, label)
			}
		}
		all[metric.Name] = metric
	}
	if len(all) < 50 {
		return nil, fmt.Errorf("the reference of metrics lists only %d: is its form another one?", len(all))
	}
	return all, nil
})

// Labels that Prometheus adds to what it scrapes.
var added = []string{"job", "instance"}

// Variables of Grafana, by what they are replaced with so that an expression parses.
var (
	durations = regexp.MustCompile(`\$__(rate_interval|interval|range)|\$\{__(rate_interval|interval|range)\}`)
	variables = regexp.MustCompile(`\$\{?[a-zA-Z_][a-zA-Z_0-9]*(:[a-z]+)?\}?`)
)

// Plain replaces Grafana's variables.
func Plain(expr string) string {
	return variables.ReplaceAllString(durations.ReplaceAllString(expr, "5m"), "x")
}

// Check parses an expression and looks at every metric and label in it. The error joins all that is wrong.
func Check(expr string) error {
	reference, err := Reference()
	if err != nil {
		return err
	}
	root, err := parser.ParseExpr(Plain(expr))
	if err != nil {
		return fmt.Errorf("%s: %w", expr, err)
	}
	var errs []error
	parser.Inspect(root, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			errs = append(errs, check(selector, reference))
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s: %w", expr, err)
	}
	return nil
}

// Names gives the metrics that an expression names, as they are written.
func Names(expr string) ([]string, error) {
	root, err := parser.ParseExpr(Plain(expr))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	var names []string
	parser.Inspect(root, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			names = append(names, nameOf(selector))
		}
		return nil
	})
	slices.Sort(names)
	return slices.Compact(names), nil
}

func nameOf(selector *parser.VectorSelector) string {
	for _, m := range selector.LabelMatchers {
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return selector.Name
}

func check(selector *parser.VectorSelector, reference map[string]Metric) error {
	name := nameOf(selector)
	if name == "up" { // Prometheus makes it itself
		return nil
	}
	metric, ok := reference[name]
	known := append(slices.Clone(added), labels.MetricName)
	if !ok {
		if metric, ok = series(name, reference); !ok {
			return fmt.Errorf("nothing exports %q", name)
		}
		known = append(known, "le")
	}
	known = append(known, metric.Labels...)
	for _, m := range selector.LabelMatchers {
		if !slices.Contains(known, m.Name) {
			return fmt.Errorf("%s has no label %q", name, m.Name)
		}
	}
	return nil
}

// series finds the histogram or summary that a series with a suffix belongs to.
func series(name string, reference map[string]Metric) (Metric, bool) {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, found := strings.CutSuffix(name, suffix); found {
			m, ok := reference[base]
			return m, ok && (m.Type == "histogram" || m.Type == "summary" && suffix != "_bucket")
		}
	}
	return Metric{}, false
}
