package alerts

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// PrometheusFile is a rule file.
type PrometheusFile struct {
	Groups []PrometheusGroup `yaml:"groups"`
}

// PrometheusGroup is a group of a rule file.
type PrometheusGroup struct {
	Name     string           `yaml:"name"`
	Interval string           `yaml:"interval"`
	Rules    []PrometheusRule `yaml:"rules"`
}

// PrometheusRule is an alerting rule.
type PrometheusRule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Keep        string            `yaml:"keep_firing_for,omitempty"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

const header = "# Written by go generate ./dashboards/alerts from its Go description; do not edit.\n"

// Prometheus gives the rule file. keep_firing_for needs Prometheus 2.42.
func Prometheus(groups []Group) ([]byte, error) {
	var file PrometheusFile
	for _, g := range groups {
		group := PrometheusGroup{Name: g.Name, Interval: duration(g.Every)}
		for _, r := range g.Rules {
			group.Rules = append(group.Rules, PrometheusRule{
				Alert: r.Name, Expr: r.condition(), For: duration(r.For), Keep: duration(r.Keep),
				Labels: map[string]string{"severity": string(r.Severity)},
				Annotations: map[string]string{
					"summary":       text(r.Summary, "{{ .Value | "+string(r.Unit)+" }}"),
					"description":   text(r.Description, "{{ .Value | "+string(r.Unit)+" }}"),
					"runbook_url":   r.RunbookURL(),
					"dashboard_uid": string(r.Dashboard),
					"dashboard":     "/d/" + string(r.Dashboard),
				},
			})
		}
		file.Groups = append(file.Groups, group)
	}
	return encode(file)
}

// encode writes YAML whose long expressions stay readable.
func encode(file any) ([]byte, error) {
	out, err := yaml.MarshalWithOptions(file, yaml.UseLiteralStyleIfMultiline(true), yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("encode alerts: %w", err)
	}
	return append([]byte(header), out...), nil
}

// condition is the expression with its comparison.
func (r *Rule) condition() string {
	operator := ">"
	if r.Compare == Below {
		operator = "<"
	}
	expr := "(" + r.Expr + ")"
	if strings.Contains(r.Expr, "\n") {
		expr = "(\n  " + strings.ReplaceAll(r.Expr, "\n", "\n  ") + "\n)"
	}
	return expr + " " + operator + " " + strconv.FormatFloat(r.Threshold, 'g', -1, 64)
}

// placeholder is a label in a text.
var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// text puts templates in the place of {value} and {label}. They begin with a dot and not with a dollar sign: Grafana takes that for a
// variable of the environment.
func text(words, value string) string {
	return placeholder.ReplaceAllStringFunc(words, func(p string) string {
		if p == "{value}" {
			return value
		}
		return "{{ .Labels." + strings.Trim(p, "{}") + " }}"
	})
}

// duration writes a duration as Prometheus does: 90s, 5m, 1h.
func duration(d time.Duration) string {
	switch {
	case d%time.Hour == 0 && d > 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d%time.Minute == 0 && d > 0:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	case d%time.Second == 0:
		return strconv.Itoa(int(d/time.Second)) + "s"
	}
	return strconv.Itoa(int(d/time.Millisecond)) + "ms"
}
