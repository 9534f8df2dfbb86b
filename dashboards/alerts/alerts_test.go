package alerts_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/throughline/throughline/dashboards/alerts"
	"github.com/throughline/throughline/tests/promql"
)

func TestFormsAreCurrent(t *testing.T) {
	for name, form := range map[string]func([]alerts.Group) ([]byte, error){
		"prometheus.yaml": alerts.Prometheus, "grafana.yaml": alerts.Grafana,
	} {
		want, err := form(alerts.All())
		if err != nil {
			t.Fatal(err)
		}
		have, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(have, want) {
			t.Errorf("%s is not current: run go generate ./dashboards/alerts (%v)", name, err)
		}
	}
}

// each calls f for every rule.
func each(f func(group string, r alerts.Rule)) {
	for _, g := range alerts.All() {
		for _, r := range g.Rules {
			f(g.Name, r)
		}
	}
}

func TestEveryRuleIsComplete(t *testing.T) {
	seen := map[string]bool{}
	each(func(group string, r alerts.Rule) {
		switch {
		case seen[r.Name]:
			t.Errorf("%s is there twice", r.Name)
		case r.For < 30*time.Second || r.Keep < time.Minute:
			t.Errorf("%s: for %s, keeps %s", r.Name, r.For, r.Keep)
		case r.Summary == "" || r.Description == "" || r.Unit == "" || r.Dashboard == "":
			t.Errorf("%s lacks a text", r.Name)
		case (r.Severity == alerts.Page) != (group == "throughline-symptoms"):
			t.Errorf("%s is %s in %s: symptoms page, causes warn", r.Name, r.Severity, group)
		case strings.ContainsAny(r.Summary+r.Description, "$`"):
			t.Errorf("%s: Grafana takes a dollar sign for a variable", r.Name)
		}
		seen[r.Name] = true
		if err := promql.Check(r.Expr); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
	})
}

// placeholders are labels that a text names; the expression must keep them.
var placeholders = regexp.MustCompile(`\{([a-z_]+)\}`)

func TestTextsNameOnlyLabelsThatAreKept(t *testing.T) {
	each(func(_ string, r alerts.Rule) {
		for _, m := range placeholders.FindAllStringSubmatch(r.Summary+r.Description, -1) {
			label := m[1]
			if label == "value" || !strings.Contains(r.Expr, " by ") {
				continue
			}
			if by := regexp.MustCompile(`by \(([^)]*)\)`).FindStringSubmatch(r.Expr); !strings.Contains(by[1], label) {
				t.Errorf("%s names {%s}, and its expression keeps %s", r.Name, label, by[1])
			}
		}
	})
}

var heading = regexp.MustCompile(`(?m)^### (\w+)$`)

func TestRunbookHasAHeadingForEachAlertAndNoOther(t *testing.T) {
	text, err := os.ReadFile("../runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	headings := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		headings[strings.ToLower(m[1])] = true
	}
	each(func(_ string, r alerts.Rule) {
		link, anchor, _ := strings.Cut(r.RunbookURL(), "#")
		if link != alerts.Runbook || !headings[anchor] {
			t.Errorf("%s leads to %s, which the runbook does not have", r.Name, r.RunbookURL())
		}
		delete(headings, anchor)
	})
	for h := range headings {
		t.Errorf("the runbook has a heading %s and no alert of that name", h)
	}
	for _, m := range regexp.MustCompile(`\]\(#([\w-]+)\)`).FindAllStringSubmatch(string(text), -1) {
		title := strings.ReplaceAll(m[1], "-", " ")
		if !regexp.MustCompile(`(?im)^##+ ` + title + `$`).Match(text) {
			t.Errorf("the runbook links to %s, which it does not have", m[1])
		}
	}
	for _, part := range strings.Split(string(text), "\n### ")[1:] {
		for _, word := range []string{"**Means**", "**Users**", "**Look**", "**do**"} {
			if !strings.Contains(strings.ToLower(part), strings.ToLower(word)) {
				t.Errorf("%s lacks %s", strings.Fields(part)[0], word)
			}
		}
	}
}

func TestDashboardLinksLeadToDashboards(t *testing.T) {
	uids := map[string]bool{}
	files, err := filepath.Glob("../json/*.json")
	if err != nil || len(files) == 0 {
		t.Skip("no dashboards yet", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var dashboard struct{ UID string }
		if err := json.Unmarshal(text, &dashboard); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		uids[dashboard.UID] = true
	}
	each(func(_ string, r alerts.Rule) {
		if !uids[string(r.Dashboard)] {
			t.Errorf("%s leads to dashboard %s; there are %v", r.Name, r.Dashboard, uids)
		}
	})
}

// TestGrafanaFormSaysTheSame reads the provisioning file back and compares it with the description.
func TestGrafanaFormSaysTheSame(t *testing.T) {
	text, err := os.ReadFile("grafana.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file alerts.GrafanaFile
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	rules, uids := map[string]alerts.GrafanaRule{}, map[string]bool{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			rules[r.Title] = r
			if uids[r.UID] || len(r.UID) > 40 || !regexp.MustCompile(`^[a-z-]+$`).MatchString(r.UID) {
				t.Errorf("uid %q", r.UID)
			}
			uids[r.UID] = true
		}
	}
	each(func(_ string, r alerts.Rule) {
		g, ok := rules[r.Name]
		if !ok {
			t.Errorf("Grafana does not have %s", r.Name)
			return
		}
		evaluator := g.Data[2].Model.Conditions[0].Evaluator
		if g.Data[0].Model.Expr != r.Expr || evaluator.Type != string(r.Compare) || evaluator.Params[0] != r.Threshold {
			t.Errorf("%s: %s %s %v", r.Name, g.Data[0].Model.Expr, evaluator.Type, evaluator.Params)
		}
		if g.Labels["severity"] != string(r.Severity) || g.Annotations["runbook_url"] != r.RunbookURL() || g.Condition != "C" {
			t.Errorf("%s: %+v", r.Name, g)
		}
	})
	if bytes.ContainsRune(text, '$') {
		t.Error("Grafana replaces what begins with a dollar sign")
	}
}

func TestFasterKeepsTheRulesValid(t *testing.T) {
	for _, g := range alerts.Faster(alerts.All(), 60) {
		for _, r := range g.Rules {
			if err := promql.Check(r.Expr); err != nil {
				t.Errorf("%s: %v", r.Name, err)
			}
			if r.For > 30*time.Second || strings.Contains(r.Expr, "[30m]") {
				t.Errorf("%s is as slow as before: for %s, %s", r.Name, r.For, r.Expr)
			}
		}
	}
	if _, err := os.Stat("faster.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a shortened rule file must not be committed")
	}
}
