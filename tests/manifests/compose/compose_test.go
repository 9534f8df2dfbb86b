// Package compose takes deploy/compose, loads it as docker compose does, and looks that everything it names is there.
package compose

import (
	"net"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"sigs.k8s.io/yaml"
)

const (
	root   = "../../.."
	folder = root + "/deploy/compose"
)

// load gives the project with the variables of an environment.
func load(t *testing.T, env ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{folder + "/compose.yaml"}, cli.WithEnv(env))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func decode[T any](t *testing.T, path string) (v T) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), &v); err != nil {
		t.Fatal(path, err)
	}
	return v
}

func TestEveryMountedFileExists(t *testing.T) {
	mounts := 0
	for _, s := range load(t).Services {
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			mounts++
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
			if !v.ReadOnly {
				t.Errorf("%s can write to %s", s.Name, v.Source)
			}
		}
		if s.Build == nil {
			continue
		}
		if _, err := os.Stat(s.Build.Context + "/" + s.Build.Dockerfile); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	if mounts < 8 {
		t.Errorf("only %d files are mounted", mounts)
	}
}

func TestOnlyLoopbackIsOpen(t *testing.T) {
	open := 0
	for _, s := range load(t).Services {
		for _, p := range s.Ports {
			open++
			if p.HostIP != "127.0.0.1" {
				t.Errorf("%s opens port %s at %q", s.Name, p.Published, p.HostIP)
			}
		}
		if s.Privileged || s.NetworkMode == "host" || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s is not confined", s.Name)
		}
	}
	if open == 0 {
		t.Error("no port is open")
	}
}

// ours are the services that run this program.
func ours(p *types.Project) map[string]types.ServiceConfig {
	found := map[string]types.ServiceConfig{}
	for name, s := range p.Services {
		if s.Build != nil {
			found[name] = s
		}
	}
	return found
}

func TestOurServices(t *testing.T) {
	known := regexp.MustCompile(`(?m)^#?(THROUGHLINE_[A-Z0-9_]+)=`).FindAllString(read(t, root+"/.env.example"), -1)
	services := ours(load(t))
	for _, name := range []string{"topics", "migrate", "collector", "processor"} {
		s, ok := services[name]
		if !ok {
			t.Fatalf("no service %s", name)
		}
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") {
			t.Errorf("%s: read-only %v, without capabilities %v", name, s.ReadOnly, s.CapDrop)
		}
		for variable := range s.Environment {
			if !slices.ContainsFunc(known, func(k string) bool { return strings.Trim(k, "#=") == variable }) {
				t.Errorf("%s: nobody reads %s", name, variable)
			}
		}
	}
	for _, name := range []string{"collector", "processor"} {
		if s := services[name]; s.DependsOn["topics"].Condition != types.ServiceConditionCompletedSuccessfully {
			t.Errorf("%s does not wait for the topics", name)
		}
		for variable, value := range services[name].Environment {
			if strings.HasSuffix(variable, "_DIR") && !slices.ContainsFunc(services[name].Volumes, func(v types.ServiceVolumeConfig) bool {
				return v.Type == types.VolumeTypeVolume && strings.HasPrefix(*value, v.Target+"/")
			}) {
				t.Errorf("%s: %s=%s is on no volume", name, variable, *value)
			}
		}
	}
}

func TestImagesArePinned(t *testing.T) {
	for _, s := range load(t).Services {
		_, tag, _ := strings.Cut(s.Image, ":")
		if tag == "" || tag == "latest" || tag == "main" {
			t.Errorf("%s: image %s", s.Name, s.Image)
		}
	}
}

// TestVariables compares the variables of the file with those of .env.example, and looks that a password set there
// reaches everybody who needs it.
func TestVariables(t *testing.T) {
	uses := map[string]bool{}
	for _, m := range regexp.MustCompile(`\$\{([A-Z_]+)[:}]`).FindAllStringSubmatch(read(t, folder+"/compose.yaml"), -1) {
		uses[m[1]] = true
	}
	told := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#?([A-Z_]+)=`).FindAllStringSubmatch(read(t, folder+"/.env.example"), -1) {
		told[m[1]] = true
	}
	for name := range uses {
		if !told[name] {
			t.Errorf("%s is not in .env.example", name)
		}
	}
	for name := range told {
		if !uses[name] {
			t.Errorf("%s of .env.example is not used", name)
		}
	}
	p := load(t, "CLICKHOUSE_ADMIN_PASSWORD=a1", "CLICKHOUSE_WRITER_PASSWORD=w1", "CLICKHOUSE_READER_PASSWORD=r1")
	for service, want := range map[string]string{"migrate": "throughline_admin:a1@", "processor": "throughline_writer:w1@"} {
		if dsn := *p.Services[service].Environment["THROUGHLINE_CLICKHOUSE_DSN"]; !strings.Contains(dsn, want) {
			t.Errorf("%s: %s", service, dsn)
		}
	}
	server, grafana := p.Services["clickhouse"].Environment, p.Services["grafana"].Environment
	if *server["CLICKHOUSE_READER_PASSWORD"] != "r1" || *grafana["CLICKHOUSE_PASSWORD"] != "r1" || *server["CLICKHOUSE_WRITER_PASSWORD"] != "w1" {
		t.Error("the server has other passwords than those who ask it")
	}
}

// TestUsersHavePasswords looks that each password that the users' file takes from the environment is given.
func TestUsersHavePasswords(t *testing.T) {
	server := load(t).Services["clickhouse"].Environment
	found := regexp.MustCompile(`from_env="([A-Z_]+)"`).FindAllStringSubmatch(read(t, folder+"/clickhouse/users.xml"), -1)
	for _, m := range found {
		if v := server[m[1]]; v == nil || *v == "" {
			t.Errorf("%s is not given to the server", m[1])
		}
	}
	if len(found) != 3 {
		t.Errorf("%d users with a password, want 3", len(found))
	}
}

// TestPrometheusScrapesEveryService compares the targets with the services and the ports they listen on.
func TestPrometheusScrapesEveryService(t *testing.T) {
	project := load(t)
	config := decode[struct {
		RuleFiles     []string `json:"rule_files"`
		ScrapeConfigs []struct {
			JobName       string                       `json:"job_name"`
			DNSSDConfigs  []struct{ Names []string }   `json:"dns_sd_configs"`
			StaticConfigs []struct{ Targets []string } `json:"static_configs"`
		} `json:"scrape_configs"`
	}](t, folder+"/prometheus/prometheus.yml")
	jobs := map[string]bool{}
	for _, c := range config.ScrapeConfigs {
		jobs[c.JobName] = true
		for _, d := range c.DNSSDConfigs {
			for _, name := range d.Names {
				if _, ok := project.Services[name]; !ok || c.JobName != "throughline-"+name {
					t.Errorf("job %s asks %s", c.JobName, name)
				}
			}
		}
		for _, s := range c.StaticConfigs {
			for _, target := range s.Targets {
				if host, _, err := net.SplitHostPort(target); err != nil || project.Services[host].Name == "" && host != "127.0.0.1" {
					t.Errorf("job %s asks %s: %v", c.JobName, target, err)
				}
			}
		}
	}
	if !jobs["throughline-collector"] || !jobs["throughline-processor"] || !jobs["clickhouse"] {
		t.Errorf("jobs: %v", jobs)
	}
	if !slices.ContainsFunc(project.Services["prometheus"].Volumes, func(v types.ServiceVolumeConfig) bool {
		return strings.HasPrefix(v.Target, "/etc/prometheus/rules/") && strings.HasSuffix(v.Target, ".yaml")
	}) || !slices.Contains(config.RuleFiles, "/etc/prometheus/rules/*.yaml") {
		t.Error("the alerts are not loaded")
	}
}

// TestGrafanaFindsItsData compares the provisioned data sources and folders with the services and their mounts.
func TestGrafanaFindsItsData(t *testing.T) {
	project := load(t)
	mounts := map[string]string{}
	for _, v := range project.Services["grafana"].Volumes {
		mounts[v.Target] = v.Source
	}
	entries, err := os.ReadDir(mounts["/etc/grafana/provisioning/datasources"])
	if err != nil {
		t.Fatal(err)
	}
	sources := ""
	for _, e := range entries {
		sources += read(t, mounts["/etc/grafana/provisioning/datasources"]+"/"+e.Name()) + "\n"
	}
	given := project.Services["grafana"].Environment
	wanted := regexp.MustCompile(`\$\{?([A-Z_]+)`).FindAllStringSubmatch(sources, -1)
	for _, m := range wanted {
		if given[m[1]] == nil || *given[m[1]] == "" {
			t.Errorf("Grafana is not given %s", m[1])
		}
	}
	if len(wanted) < 2 || *given["CLICKHOUSE_USER"] != "grafana_reader" {
		t.Errorf("data sources: %s", sources)
	}
	prometheus, err := url.Parse(*given["PROMETHEUS_URL"])
	if err != nil || project.Services[prometheus.Hostname()].Name == "" || project.Services[*given["CLICKHOUSE_HOST"]].Name == "" {
		t.Errorf("Grafana asks %v and %s, which are no services: %v", prometheus, *given["CLICKHOUSE_HOST"], err)
	}
	entries, err = os.ReadDir(mounts["/etc/grafana/provisioning/dashboards"])
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		providers := decode[struct {
			Providers []struct{ Options struct{ Path string } }
		}](t, mounts["/etc/grafana/provisioning/dashboards"]+"/"+e.Name())
		for _, p := range providers.Providers {
			if mounts[p.Options.Path] == "" {
				t.Errorf("dashboards are looked for in %s, where nothing is mounted", p.Options.Path)
			}
		}
	}
}

// TestPromtoolReadsTheConfiguration is skipped without promtool, and fails where it must be there.
func TestPromtoolReadsTheConfiguration(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		if os.Getenv("REQUIRE_CONTAINERS") != "" {
			t.Fatal("promtool is not there: apt-get install prometheus")
		}
		t.Skip("promtool is not there")
	}
	if out, err := exec.Command("promtool", "check", "config", "--syntax-only", folder+"/prometheus/prometheus.yml").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
