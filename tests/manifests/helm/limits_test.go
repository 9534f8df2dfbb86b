package helm

import (
	"os"
	"strconv"
	"testing"
	"time"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

func itoa(n int32) string { return strconv.Itoa(int(n)) }

func variable(c core.Container, name string) string {
	for _, e := range c.Env {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

// The program gives itself this long to stop.
const stopLimit = 20 * time.Second

// TestTimesAndSizesFit compares limits that have to fit into one another.
func TestTimesAndSizesFit(t *testing.T) {
	sets(t, func(t *testing.T, _ string, all []runtime.Object) {
		for _, o := range all {
			set, ok := o.(*apps.StatefulSet)
			if !ok {
				continue
			}
			spec := set.Spec.Template.Spec
			grace := time.Duration(*spec.TerminationGracePeriodSeconds) * time.Second
			delay := time.Duration(0)
			if v := variable(spec.Containers[0], "THROUGHLINE_COLLECTOR_DRAIN_DELAY"); v != "" {
				var err error
				if delay, err = time.ParseDuration(v); err != nil {
					t.Error(err)
				}
			}
			if grace < delay+stopLimit {
				t.Errorf("%s is killed after %s, but takes up to %s to stop", set.Name, grace, delay+stopLimit)
			}
			if v := variable(spec.Containers[0], "THROUGHLINE_COLLECTOR_SPOOL_BYTES"); v != "" {
				bytes, err := strconv.ParseInt(v, 10, 64)
				volume := set.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests[core.ResourceStorage]
				if err != nil || bytes > volume.Value()*9/10 {
					t.Errorf("a spool of %s does not fit into a volume of %s", v, volume.String())
				}
			}
		}
	})
}

// TestJobsComeFirst looks that topics, then tables, are there before any pod of the release.
func TestJobsComeFirst(t *testing.T) {
	sets(t, func(t *testing.T, _ string, all []runtime.Object) {
		last := -1
		for _, o := range all {
			job, ok := o.(*batch.Job)
			if !ok {
				continue
			}
			weight, err := strconv.Atoi(job.Annotations["helm.sh/hook-weight"])
			if err != nil || job.Annotations["helm.sh/hook"] != "pre-install,pre-upgrade" || weight <= last {
				t.Errorf("job %s: %v", job.Name, job.Annotations)
			}
			last = weight
			for _, v := range job.Spec.Template.Spec.Volumes {
				if v.ConfigMap != nil || v.PersistentVolumeClaim != nil {
					t.Errorf("job %s needs %s, which is not there yet", job.Name, v.Name)
				}
			}
		}
	})
}

// TestRulesAndDashboardsAreTheSame compares what the chart makes with the files it is made from.
func TestRulesAndDashboardsAreTheSame(t *testing.T) {
	var want monitoring.PrometheusRuleSpec
	text, err := os.ReadFile(root + "/dashboards/alerts/prometheus.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, &want); err != nil {
		t.Fatal("dashboards/alerts/prometheus.yaml is not what the operator takes:", err)
	}
	sets(t, func(t *testing.T, name string, all []runtime.Object) {
		for _, o := range all {
			switch o := o.(type) {
			case *monitoring.PrometheusRule:
				if len(o.Spec.Groups) == 0 || len(o.Spec.Groups) != len(want.Groups) || o.Spec.Groups[0].Rules[0].Expr != want.Groups[0].Rules[0].Expr {
					t.Errorf("rules differ from dashboards/alerts/prometheus.yaml")
				}
			case *core.ConfigMap:
				for file, json := range o.Data {
					source, err := os.ReadFile(root + "/dashboards/json/" + file)
					if err != nil || string(source) != json {
						t.Errorf("%s differs from its source: %v", file, err)
					}
				}
			}
		}
	})
}
