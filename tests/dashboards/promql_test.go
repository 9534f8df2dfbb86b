package dashboards

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/throughline/throughline/tests/promql"
)

const jsonFolder = "../../dashboards/json"

// expressions gives every PromQL expression of the dashboards by where it stands: those of panels and of annotations.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{"pipeline.json", "store.json"} {
		text, err := os.ReadFile(filepath.Join(jsonFolder, name))
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := json.Unmarshal(text, &tree); err != nil {
			t.Fatal(err)
		}
		collect(tree, name, all)
	}
	return all
}

// collect walks through JSON and keeps what is called expr.
func collect(tree any, at string, all map[string]string) {
	switch node := tree.(type) {
	case map[string]any:
		if title, ok := node["title"].(string); ok {
			at += "/" + title
		}
		for key, value := range node {
			if expr, ok := value.(string); ok && key == "expr" {
				all[at+": "+expr] = expr
			}
			collect(value, at, all)
		}
	case []any:
		for _, value := range node {
			collect(value, at, all)
		}
	}
}

// window is what a rate may look back over: the dashboard's own step, or a time that the panel's title names.
var window = regexp.MustCompile(`(rate|increase|changes)\([^()]*\[([^\]]*)\]`)

// TestPromQLKeepsTheRules parses each expression, finds each metric and label in the reference of what is exported, and
// holds the rules of the linter: counters only inside a rate, rates over $__rate_interval, and the choice of job and instance.
func TestPromQLKeepsTheRules(t *testing.T) {
	all := expressions(t)
	if len(all) < 60 {
		t.Fatalf("%d expressions", len(all))
	}
	for at, expr := range all {
		if err := promql.Check(expr); err != nil {
			t.Errorf("%s: %v", at, err)
			continue
		}
		for _, m := range window.FindAllStringSubmatch(expr, -1) {
			if restarts := m[1] == "changes" && m[2] == "2m"; m[2] != "$__rate_interval" && m[2] != "1h" && !restarts {
				t.Errorf("%s: a window of %s", at, m[2])
			}
		}
		root, err := parser.ParseExpr(promql.Plain(expr))
		if err != nil {
			t.Fatal(err)
		}
		parser.Inspect(root, func(node parser.Node, path []parser.Node) error {
			if selector, ok := node.(*parser.VectorSelector); ok {
				checkSelector(t, at, expr, selector, path)
			}
			return nil
		})
	}
}

func checkSelector(t *testing.T, at, expr string, selector *parser.VectorSelector, path []parser.Node) {
	t.Helper()
	if !strings.Contains(expr, selector.Name+`{job=~"$job",instance=~"$instance"`) {
		t.Errorf("%s: %s is not narrowed to the chosen job and instance", at, selector.Name)
	}
	rated := false
	for _, node := range path {
		call, ok := node.(*parser.Call)
		rated = rated || ok && (call.Func.Name == "rate" || call.Func.Name == "irate" || call.Func.Name == "increase")
	}
	counter := strings.HasSuffix(selector.Name, "_total") || strings.HasSuffix(selector.Name, "_bucket")
	if counter != rated {
		t.Errorf("%s: %s is a counter: %v; in a rate: %v", at, selector.Name, counter, rated)
	}
}
