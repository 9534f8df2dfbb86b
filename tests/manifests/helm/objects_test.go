package helm

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
)

// pod is a template of pods with the name of what makes them.
type pod struct {
	owner    string
	template core.PodTemplateSpec
	claims   []core.PersistentVolumeClaim
}

func pods(all []runtime.Object) (pods []pod) {
	for _, o := range all {
		switch o := o.(type) {
		case *apps.StatefulSet:
			pods = append(pods, pod{o.Name, o.Spec.Template, o.Spec.VolumeClaimTemplates})
		case *batch.Job:
			pods = append(pods, pod{o.Name, o.Spec.Template, nil})
		}
	}
	return pods
}

// selected gives the pods that have all labels.
func selected(all []runtime.Object, want map[string]string) (found []pod) {
	for _, p := range pods(all) {
		if labels.SelectorFromSet(want).Matches(labels.Set(p.template.Labels)) {
			found = append(found, p)
		}
	}
	return found
}

func hasPort(p pod, name string) bool {
	return slices.ContainsFunc(p.template.Spec.Containers[0].Ports, func(c core.ContainerPort) bool { return c.Name == name })
}

func TestNames(t *testing.T) {
	sets(t, func(t *testing.T, _ string, all []runtime.Object) {
		seen := map[string]bool{}
		for _, o := range all {
			m, err := meta.Accessor(o)
			if err != nil {
				t.Fatal(err)
			}
			kind := o.GetObjectKind().GroupVersionKind().Kind
			if wrong := validation.IsDNS1035Label(m.GetName()); len(wrong) > 0 || len(m.GetName()) > 58 { // a pod's name is five longer
				t.Errorf("%s %s: %v", kind, m.GetName(), wrong)
			}
			if key := kind + "/" + m.GetName(); seen[key] {
				t.Errorf("%s twice", key)
			} else {
				seen[key] = true
			}
			for name, value := range m.GetLabels() {
				if wrong := slices.Concat(validation.IsQualifiedName(name), validation.IsValidLabelValue(value)); len(wrong) > 0 {
					t.Errorf("label %s=%s: %v", name, value, wrong)
				}
			}
		}
	})
}

func TestPodsAreConfined(t *testing.T) {
	sets(t, func(t *testing.T, _ string, all []runtime.Object) {
		for _, p := range pods(all) {
			spec := p.template.Spec
			if s := spec.SecurityContext; s == nil || !*s.RunAsNonRoot || *s.RunAsUser == 0 || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
				t.Errorf("%s: security of the pod: %+v", p.owner, s)
			}
			if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken || *spec.EnableServiceLinks {
				t.Errorf("%s: the token of the service account, or variables of other services, are given to it", p.owner)
			}
			for _, c := range spec.Containers {
				s := c.SecurityContext
				if s == nil || *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) || s.Privileged != nil {
					t.Errorf("%s: security of the container: %+v", p.owner, s)
				}
				if c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
					t.Errorf("%s: no bounds of memory", p.owner)
				}
			}
		}
	})
}

// known are the variables of the program.
func known(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(root + "/.env.example")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^#?(THROUGHLINE_[A-Z0-9_]+)=`).FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	return names
}

func TestVariablesExistAndSecretsAreReferences(t *testing.T) {
	known := known(t)
	secret := regexp.MustCompile(`PASSWORD$|DSN$|SASL_USER$`)
	sets(t, func(t *testing.T, _ string, all []runtime.Object) {
		for _, p := range pods(all) {
			seen := map[string]bool{}
			for _, e := range p.template.Spec.Containers[0].Env {
				if strings.HasPrefix(e.Name, "THROUGHLINE_") && !slices.Contains(known, e.Name) {
					t.Errorf("%s: nobody reads %s", p.owner, e.Name)
				}
				if seen[e.Name] {
					t.Errorf("%s: %s twice", p.owner, e.Name)
				}
				seen[e.Name] = true
				if secret.MatchString(e.Name) && (e.Value != "" || e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil) {
					t.Errorf("%s: %s does not come from a Secret", p.owner, e.Name)
				}
			}
		}
		for _, o := range all {
			if _, ok := o.(*core.Secret); ok {
				t.Error("the chart makes a Secret")
			}
		}
	})
}

// TestFilesAreMounted looks that each file or folder that a variable names lies on a volume, and each volume is mounted.
func TestFilesAreMounted(t *testing.T) {
	sets(t, func(t *testing.T, _ string, all []runtime.Object) {
		for _, p := range pods(all) {
			volumes := map[string]bool{}
			for _, v := range p.template.Spec.Volumes {
				volumes[v.Name] = false
			}
			for _, c := range p.claims {
				volumes[c.Name] = false
			}
			c := p.template.Spec.Containers[0]
			for _, m := range c.VolumeMounts {
				if _, ok := volumes[m.Name]; !ok {
					t.Errorf("%s: no volume %s", p.owner, m.Name)
				}
				volumes[m.Name] = true
			}
			for name, mounted := range volumes {
				if !mounted {
					t.Errorf("%s: volume %s is mounted nowhere", p.owner, name)
				}
			}
			for _, e := range c.Env {
				if strings.HasPrefix(e.Value, "/") && !slices.ContainsFunc(c.VolumeMounts, func(m core.VolumeMount) bool {
					return strings.HasPrefix(e.Value, m.MountPath+"/")
				}) {
					t.Errorf("%s: %s=%s lies on no volume", p.owner, e.Name, e.Value)
				}
			}
		}
	})
}

func TestProbesAndPorts(t *testing.T) {
	sets(t, func(t *testing.T, _ string, all []runtime.Object) {
		for _, o := range all {
			set, ok := o.(*apps.StatefulSet)
			if !ok {
				continue
			}
			c := set.Spec.Template.Spec.Containers[0]
			p := pod{owner: set.Name, template: set.Spec.Template}
			for path, probe := range map[string]*core.Probe{"/healthz": c.LivenessProbe, "/readyz": c.ReadinessProbe} {
				if probe == nil || probe.HTTPGet.Path != path || !hasPort(p, probe.HTTPGet.Port.StrVal) {
					t.Errorf("%s: probe %+v", set.Name, probe)
				}
			}
			for _, e := range c.Env {
				if !strings.HasSuffix(e.Name, "_LISTEN") {
					continue
				}
				_, port, _ := strings.Cut(e.Value, ":")
				if !slices.ContainsFunc(c.Ports, func(c core.ContainerPort) bool { return strings.TrimSpace(port) == itoa(c.ContainerPort) }) {
					t.Errorf("%s: %s=%s is no port of the container", set.Name, e.Name, e.Value)
				}
			}
			if !labels.SelectorFromSet(set.Spec.Selector.MatchLabels).Matches(labels.Set(set.Spec.Template.Labels)) {
				t.Errorf("%s does not select its own pods", set.Name)
			}
		}
	})
}

// TestSelectorsMeetTheirPods looks that each object that names pods, ports or other objects names some that are there.
func TestSelectorsMeetTheirPods(t *testing.T) {
	sets(t, func(t *testing.T, _ string, all []runtime.Object) {
		one := func(what string, selector map[string]string) (p pod) {
			found := selected(all, selector)
			if len(found) != 1 {
				t.Errorf("%s selects %d kinds of pods", what, len(found))
				return pod{template: core.PodTemplateSpec{Spec: core.PodSpec{Containers: make([]core.Container, 1)}}}
			}
			return found[0]
		}
		for _, o := range all {
			switch o := o.(type) {
			case *core.Service:
				p := one("service "+o.Name, o.Spec.Selector)
				for _, port := range o.Spec.Ports {
					if !hasPort(p, port.TargetPort.StrVal) {
						t.Errorf("service %s: no port %s", o.Name, port.TargetPort.String())
					}
				}
			case *policy.PodDisruptionBudget:
				one("budget "+o.Name, o.Spec.Selector.MatchLabels)
				if o.Spec.MaxUnavailable.IntValue() == 0 {
					t.Errorf("budget %s lets no node be drained", o.Name)
				}
			case *networking.NetworkPolicy:
				p := one("policy "+o.Name, o.Spec.PodSelector.MatchLabels)
				for _, rule := range o.Spec.Ingress {
					for _, port := range rule.Ports {
						if !hasPort(p, port.Port.StrVal) {
							t.Errorf("policy %s: no port %s", o.Name, port.Port)
						}
						if port.Port.StrVal == "admin" && len(rule.From) == 0 {
							t.Errorf("policy %s opens the admin port to everybody", o.Name)
						}
					}
				}
			case *autoscaling.HorizontalPodAutoscaler:
				if !exists[*apps.StatefulSet](all, o.Spec.ScaleTargetRef.Name) || o.Spec.ScaleTargetRef.Kind != "StatefulSet" {
					t.Errorf("autoscaler %s: no such target", o.Name)
				}
			case *apps.StatefulSet:
				if !exists[*core.Service](all, o.Spec.ServiceName) {
					t.Errorf("%s: no service %s", o.Name, o.Spec.ServiceName)
				}
			case *networking.Ingress:
				if b := o.Spec.Rules[0].HTTP.Paths[0].Backend.Service; !exists[*core.Service](all, b.Name) || b.Port.Name != "http" {
					t.Errorf("ingress %s: no service %s", o.Name, b.Name)
				}
			case *monitoring.ServiceMonitor:
				monitored(t, all, o)
			}
		}
	})
}

// monitored looks that a monitor finds one service, with its port.
func monitored(t *testing.T, all []runtime.Object, m *monitoring.ServiceMonitor) {
	t.Helper()
	found := 0
	for _, o := range all {
		s, ok := o.(*core.Service)
		if !ok || !labels.SelectorFromSet(m.Spec.Selector.MatchLabels).Matches(labels.Set(s.Labels)) {
			continue
		}
		found++
		if s.Spec.Ports[0].Name != m.Spec.Endpoints[0].Port {
			t.Errorf("monitor %s: no port %s", m.Name, m.Spec.Endpoints[0].Port)
		}
	}
	if found != 1 {
		t.Errorf("monitor %s finds %d services", m.Name, found)
	}
}

func exists[T metav1.Object](all []runtime.Object, name string) bool {
	return slices.ContainsFunc(all, func(o runtime.Object) bool {
		of, ok := o.(T)
		return ok && reflect.ValueOf(of).IsValid() && of.GetName() == name
	})
}
