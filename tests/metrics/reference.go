package metrics

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Program is one way to run, which exports metrics of its own.
type Program string

// The programs that are asked.
const (
	Up        Program = "up"
	Collector Program = "collector"
	Processor Program = "processor"
)

// Family is one metric.
type Family struct {
	Name, Type, Help string
	Labels           []string
	Programs         []Program
}

// Read gives the metrics in a text that /metrics answered with.
func Read(text io.Reader, program Program) ([]Family, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return nil, fmt.Errorf("metrics of %s: %w", program, err)
	}
	var all []Family
	for _, name := range slices.Sorted(maps.Keys(families)) {
		f := families[name]
		all = append(all, Family{
			Name: name, Type: strings.ToLower(f.GetType().String()), Help: f.GetHelp(), Labels: labelsOf(f), Programs: []Program{program},
		})
	}
	return all, nil
}

func labelsOf(f *dto.MetricFamily) []string {
	seen := map[string]bool{}
	for _, m := range f.Metric {
		for _, l := range m.Label {
			seen[l.GetName()] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// Join makes one list of several, with the programs of each metric.
func Join(lists ...[]Family) []Family {
	byName := map[string]Family{}
	for _, list := range lists {
		for _, f := range list {
			if have, ok := byName[f.Name]; ok {
				have.Programs = append(have.Programs, f.Programs...)
				f = have
			}
			byName[f.Name] = f
		}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b Family) int { return cmp.Compare(a.Name, b.Name) })
}

// chapters are the parts of the reference, by prefix. The rest is of the process.
var chapters = []struct{ prefix, title, about string }{
	{"throughline_collector_", "Collector", "What serves HTTP."},
	{"throughline_publish_", "Collector to Kafka", "One series a topic."},
	{"throughline_spool_", "Spool", "The disk that takes events while Kafka is away."},
	{"throughline_processor_", "Processor", "Kafka to tables."},
	{"throughline_store_", "Processor to ClickHouse", "One series a table."},
	{"throughline_state_", "State", "The processor's cache on disk."},
	{"throughline_clickhouse_", "ClickHouse", "Asked by each processor of the server of its DSN: take the greatest answer, not the sum. A server that does not answer has `throughline_clickhouse_up` alone."},
	{"throughline_kafka_", "Kafka", "Asked by each processor: take the greatest answer, not the sum."},
	{"throughline_engine_", "Embedded engine", "Under `up`."},
	{"throughline_broker_", "Embedded broker", "Under `up`."},
	{"throughline_", "Program and machine", ""},
}

// Write gives the reference as Markdown.
func Write(all []Family) string {
	var b strings.Builder
	b.WriteString(`# Metrics

What each program exports at ` + "`/metrics`" + ` of its admin address. Written by ` + "`go generate ./tests/metrics`" + ` from the running programs; do not edit.

Histograms are classic and native in one. A label never holds a customer, an address, a URL or the name of an event. What can go wrong is there
with 0 before it does. Under ` + "`up`" + ` one address has everything. Of the Go runtime and the process come the usual ` + "`go_…` and `process_…`" + `, listed last.
`)
	left := all
	for _, c := range chapters {
		var part []Family
		part, left = take(left, c.prefix)
		writeChapter(&b, c.title, c.about, part)
	}
	writeChapter(&b, "Go and process", "From client_golang.", left)
	return b.String()
}

func take(all []Family, prefix string) (part, rest []Family) {
	for _, f := range all {
		if strings.HasPrefix(f.Name, prefix) {
			part = append(part, f)
		} else {
			rest = append(rest, f)
		}
	}
	return part, rest
}

func writeChapter(b *strings.Builder, title, about string, part []Family) {
	fmt.Fprintf(b, "\n## %s\n\n", title)
	if about != "" {
		fmt.Fprintf(b, "%s\n\n", about)
	}
	b.WriteString("| metric | type | labels | what it is | of |\n|---|---|---|---|---|\n")
	for _, f := range part {
		labels := ""
		if len(f.Labels) > 0 {
			labels = "`" + strings.Join(f.Labels, "`, `") + "`"
		}
		var of []string
		for _, p := range f.Programs {
			of = append(of, string(p))
		}
		slices.Sort(of)
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", f.Name, f.Type, labels, strings.ReplaceAll(f.Help, "|", "\\|"), strings.Join(of, ", "))
	}
}
