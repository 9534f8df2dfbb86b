// Package helm takes the chart in deploy/helm and sets of values, renders it by Helm's own library, and holds what
// comes out against Kubernetes' types and against itself.
package helm

import (
	"bytes"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	v2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	kubernetes "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

const (
	root  = "../../.."
	chart = root + "/deploy/helm/throughline"
)

// values reads a set of values.
func values(t *testing.T, text []byte) map[string]any {
	t.Helper()
	all := map[string]any{}
	if err := yaml.UnmarshalStrict(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// load reads the chart; the rules and dashboards in it are links to where they are kept.
func load(t *testing.T) *v2.Chart {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler) // Helm tells of each link that it follows
	before := slog.Default()
	slog.SetDefault(quiet)
	defer slog.SetDefault(before)
	c, err := loader.LoadDir(chart)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// render gives the files of a release, without those that are empty; it checks the values against the schema, too.
func render(t *testing.T, release string, values map[string]any) (map[string]string, error) {
	t.Helper()
	c := load(t)
	options := common.ReleaseOptions{Name: release, Namespace: "data", Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(c, values, options, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(c, all)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(files, func(name, text string) bool {
		return !strings.HasSuffix(name, ".yaml") || strings.TrimSpace(text) == ""
	})
	return files, nil
}

// decoder knows every type that the chart makes and accepts no field that a type does not have, and none twice.
func decoder(t *testing.T) runtime.Decoder {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{kubernetes.AddToScheme, monitoring.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
}

// objects renders and decodes.
func objects(t *testing.T, release string, text []byte) []runtime.Object {
	t.Helper()
	files, err := render(t, release, values(t, text))
	if err != nil {
		t.Fatal(err)
	}
	decoder := decoder(t)
	var all []runtime.Object
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for document := range bytes.SplitSeq([]byte("\n"+files[name]), []byte("\n---")) {
			if onlyComments(document) {
				continue
			}
			o, _, err := decoder.Decode(document, nil, nil)
			if err != nil {
				t.Errorf("%s: %v\n%s", name, err, document)
				continue
			}
			all = append(all, o)
		}
	}
	return all
}

func onlyComments(document []byte) bool {
	for line := range bytes.Lines(document) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// sets calls check for each set of values, each with a short and with a very long name of the release.
func sets(t *testing.T, check func(t *testing.T, name string, all []runtime.Object)) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		for _, release := range []string{"t", "throughline", strings.Repeat("long-name-", 5) + "abc"} {
			t.Run(name+"/"+release, func(t *testing.T) { check(t, name, objects(t, release, text)) })
		}
	}
}

func TestKindsOfEachSet(t *testing.T) {
	want := map[string]string{
		"least": "HorizontalPodAutoscaler Job Job NetworkPolicy NetworkPolicy PodDisruptionBudget PodDisruptionBudget " +
			"Service Service Service StatefulSet StatefulSet",
		"bare": "Service Service Service StatefulSet StatefulSet",
	}
	sets(t, func(t *testing.T, name string, all []runtime.Object) {
		var kinds []string
		for _, o := range all {
			kinds = append(kinds, o.GetObjectKind().GroupVersionKind().Kind)
		}
		slices.Sort(kinds)
		if got := strings.Join(kinds, " "); want[name] != "" && got != want[name] {
			t.Errorf("got  %s\nwant %s", got, want[name])
		}
		if name != "everything" {
			return
		}
		dashboards, err := filepath.Glob(root + "/dashboards/json/*.json")
		if err != nil || len(dashboards) == 0 {
			t.Fatal("no dashboards", err)
		}
		for kind, n := range map[string]int{"ConfigMap": len(dashboards), "ServiceMonitor": 2, "PrometheusRule": 1, "Ingress": 1} {
			if got := len(slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return k != kind })); got != n {
				t.Errorf("%d of kind %s, want %d", got, kind, n)
			}
		}
	})
}

// TestLint is what `helm lint --strict` says.
func TestLint(t *testing.T) {
	for _, set := range []string{"least", "everything", "bare"} {
		text, err := os.ReadFile("testdata/" + set + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range lint.RunAll(chart, values(t, text), "data").Messages {
			if m.Severity >= support.WarningSev {
				t.Errorf("%s: %s", set, m)
			}
		}
	}
}

func TestWrongValuesAreRefused(t *testing.T) {
	least, err := os.ReadFile("testdata/least.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ values, want string }{
		"a misspelt name":       {"collector: {replica: 3}", "replica"},
		"an unknown section":    {"colector: {}", "colector"},
		"a broker without port": {"kafka: {brokers: [kafka]}", "brokers"},
		"a wrong mechanism":     {"kafka: {sasl: {mechanism: md5}}", "mechanism"},
		"a variable of others":  {"collector: {env: {PATH: x}}", "PATH"},
		"no brokers":            {"kafka: {brokers: []}", "kafka.brokers is required"},
		"no sites":              {"sites: {existingSecret: ''}", "sites.existingSecret is required"},
		"no ClickHouse":         {"clickhouse: {existingSecret: ''}", "clickhouse.existingSecret is required"},
		"no password":           {"kafka: {sasl: {mechanism: plain}}", "kafka.sasl.existingSecret is required"},
		"no host":               {"ingress: {enabled: true}", "ingress.host is required"},
		"idle processors":       {"processor: {replicas: 13}", "the others would stand idle"},
		"too many partitions":   {"kafka: {topics: {partitions: 1025}}", "partitions"},
	} {
		t.Run(name, func(t *testing.T) {
			all := util.CoalesceTables(values(t, []byte(c.values)), values(t, least))
			if _, err := render(t, "t", all); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want something of %q", err, c.want)
			}
		})
	}
}
