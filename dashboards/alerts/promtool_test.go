package alerts_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/throughline/throughline/dashboards/alerts"
)

// promtool finds Debian's promtool; without it tests are skipped, unless they are mandatory.
func promtool(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err == nil {
		return path
	}
	if os.Getenv("REQUIRE_CONTAINERS") == "1" {
		t.Fatalf("REQUIRE_CONTAINERS=1, and there is no promtool: apt-get install prometheus (%v)", err)
	}
	t.Skip("no promtool: apt-get install --no-install-recommends prometheus")
	return ""
}

func TestPromtoolChecksTheRules(t *testing.T) {
	out, err := exec.Command(promtool(t), "check", "rules", "prometheus.yaml").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// series is what a healthy pipeline exports, by series with its values in promtool's notation.
type series map[string]string

// with gives a copy in which some series are others; an empty value takes one away.
func (s series) with(others series) series {
	all := series{}
	for k, v := range s {
		all[k] = v
	}
	for k, v := range others {
		if all[k] = v; v == "" {
			delete(all, k)
		}
	}
	return all
}

// case of an alert: what is wrong, and after how many minutes it must fire. It must be silent a little before `silent` minutes.
type fault struct {
	alert         string
	series        series
	silent, fires int
	// labels of the alert beside alertname.
	labels string
	// also are other alerts that the same fault raises.
	also []string
}

// files of promtool's unit tests.
type testFile struct {
	RuleFiles          []string   `yaml:"rule_files"`
	EvaluationInterval string     `yaml:"evaluation_interval"`
	Tests              []testCase `yaml:"tests"`
}

type testCase struct {
	Name     string      `yaml:"name"`
	Interval string      `yaml:"interval"`
	Input    []input     `yaml:"input_series"`
	Exprs    []exprCheck `yaml:"promql_expr_test"`
}

type input struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

type exprCheck struct {
	Expr    string   `yaml:"expr"`
	Eval    string   `yaml:"eval_time"`
	Samples []sample `yaml:"exp_samples"`
}

type sample struct {
	Labels string  `yaml:"labels"`
	Value  float64 `yaml:"value"`
}

const firing = `count by (alertname) (ALERTS{alertstate="firing"})`

func inputs(s series) (all []input) {
	for name, values := range s {
		all = append(all, input{name, values})
	}
	return all
}

// check makes a test of a fault: silent first, then exactly the alerts that are expected.
func check(f fault, healthy series, interval string) testCase {
	c := testCase{Name: f.alert, Interval: interval, Input: inputs(healthy.with(f.series))}
	if f.silent > 0 {
		c.Exprs = append(c.Exprs, exprCheck{Expr: `count(ALERTS{alertstate="firing", alertname="` + f.alert + `"})`, Eval: fmt.Sprintf("%dm", f.silent)})
	}
	var expected []sample
	for _, alert := range append([]string{f.alert}, f.also...) {
		expected = append(expected, sample{Labels: fmt.Sprintf(`{alertname=%q}`, alert), Value: 1})
	}
	c.Exprs = append(c.Exprs, exprCheck{Expr: firing, Eval: fmt.Sprintf("%dm", f.fires), Samples: expected})
	if f.labels != "" {
		c.Exprs = append(c.Exprs, exprCheck{
			Expr: `count by (` + strings.Join(labelNames(f.labels), ", ") + `) (ALERTS{alertstate="firing", alertname="` + f.alert + `"})`,
			Eval: fmt.Sprintf("%dm", f.fires), Samples: []sample{{Labels: "{" + f.labels + "}", Value: 1}},
		})
	}
	return c
}

func labelNames(labels string) (names []string) {
	for _, pair := range strings.Split(labels, ", ") {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	return names
}

// run writes rules and tests and has promtool run them.
func run(t *testing.T, groups []alerts.Group, every string, tests []testCase) {
	t.Helper()
	tool, dir := promtool(t), t.TempDir()
	rules, err := alerts.Prometheus(groups)
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(testFile{RuleFiles: []string{"rules.yaml"}, EvaluationInterval: every, Tests: tests})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "tests.yaml")
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "rules.yaml"), rules, 0o600), os.WriteFile(file, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "test", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestEveryAlertFiresOnItsFault and on no other; a healthy pipeline raises none.
func TestEveryAlertFiresOnItsFault(t *testing.T) {
	t.Parallel()
	tests := []testCase{{Name: "healthy", Interval: "1m", Input: inputs(healthy()), Exprs: []exprCheck{
		{Expr: firing, Eval: "30m"}, {Expr: firing, Eval: "75m"}, {Expr: firing, Eval: "120m"},
	}}}
	for _, f := range faults() {
		tests = append(tests, check(f, healthy(), "1m"))
	}
	run(t, alerts.All(), "1m", tests)
}

// TestWeeksAreCompared runs the alerts that look weeks back, over four weeks in steps of half an hour.
func TestWeeksAreCompared(t *testing.T) {
	t.Parallel()
	tests := []testCase{{Name: "every week alike", Interval: "30m", Input: inputs(weeks()), Exprs: []exprCheck{{Expr: firing, Eval: "39000m"}}}}
	for _, f := range weeklyFaults() {
		tests = append(tests, check(f, weeks(), "30m"))
	}
	groups := slices.DeleteFunc(alerts.All(), func(g alerts.Group) bool { return g.Name != "throughline-journeys" })
	run(t, groups, "30m", tests)
}

// TestEveryAlertHasAFault so that no alert is left untested.
func TestEveryAlertHasAFault(t *testing.T) {
	tested := map[string]bool{}
	for _, f := range append(faults(), weeklyFaults()...) {
		tested[f.alert] = true
	}
	each(func(_ string, r alerts.Rule) {
		if !tested[r.Name] {
			t.Errorf("nothing makes %s fire", r.Name)
		}
		delete(tested, r.Name)
	})
	for name := range tested {
		t.Errorf("a fault for %s, which is no alert", name)
	}
}
