package alerts

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	rules "github.com/throughline/throughline/dashboards/alerts"
	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/ports"
)

// times as fast as in production: five minutes are ten seconds.
const times = 30

const config = `
global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}
rule_files: [rules.yaml]
scrape_configs:
  - job_name: throughline-collector
    static_configs: [{targets: ["%s"]}]
  - job_name: throughline-processor
    static_configs: [{targets: ["%s"]}]
`

// needed finds a program of Debian's package prometheus; without it tests are skipped, unless they are mandatory.
func needed(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("REQUIRE_CONTAINERS") == "1" {
		t.Fatalf("REQUIRE_CONTAINERS=1, and there is no %s: apt-get install prometheus (%v)", name, err)
	}
	t.Skipf("no %s: apt-get install --no-install-recommends prometheus", name)
	return ""
}

// prometheus is a running server, and which alerts it has seen firing.
type prometheus struct {
	url string
	log string

	mu     sync.Mutex
	firing map[string]bool
	ever   map[string]bool
}

// startPrometheus scrapes collector and processor every two seconds under the faster rules. It waits until both have answered.
func startPrometheus(t *testing.T, collector, processor string) *prometheus {
	t.Helper()
	dir := t.TempDir()
	text, err := rules.Prometheus(rules.Faster(rules.All(), times))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "rules.yaml"), text, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "prometheus.yaml"), fmt.Appendf(nil, config, collector, processor), 0o600))
	if out, err := exec.Command(needed(t, "promtool"), "check", "config", filepath.Join(dir, "prometheus.yaml")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	address := ports.For(t)
	p := &prometheus{url: "http://" + address, log: filepath.Join(dir, "log"), firing: map[string]bool{}, ever: map[string]bool{}}
	log, err := os.Create(p.log)
	must(t, err)
	cmd := exec.Command(needed(t, "prometheus"), "--config.file="+filepath.Join(dir, "prometheus.yaml"),
		"--storage.tsdb.path="+filepath.Join(dir, "tsdb"), "--web.listen-address="+address, "--log.level=warn")
	cmd.Stdout, cmd.Stderr = log, log
	must(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(p.log)
			t.Logf("prometheus said:\n%s", text)
		}
	})
	harness.Eventually(t, 30*time.Second, "Prometheus is ready", p.look)
	harness.Eventually(t, 60*time.Second, "Prometheus has seen both and knows that they are there", func() error {
		if n := p.samples(t, `up == 1`); n != 2 {
			return fmt.Errorf("%d of 2 answer", n)
		}
		if n := p.samples(t, `ALERTS`); n != 0 {
			return fmt.Errorf("%d alerts", n) // of before the first scrape
		}
		return p.look()
	})
	p.forget()
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(300 * time.Millisecond):
				_ = p.look() // it is asked again
			}
		}
	}()
	return p
}

// look asks which alerts fire.
func (p *prometheus) look() error {
	resp, err := http.Get(p.url + "/api/v1/alerts")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct {
		Data struct {
			Alerts []struct {
				State  string
				Labels map[string]string
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.firing)
	for _, a := range answer.Data.Alerts {
		if a.State == "firing" {
			p.firing[a.Labels["alertname"]], p.ever[a.Labels["alertname"]] = true, true
		}
	}
	return nil
}

// fires waits until the alerts fire.
func (p *prometheus) fires(t *testing.T, within time.Duration, names ...string) {
	t.Helper()
	start := time.Now()
	harness.Eventually(t, within, strings.Join(names, ", ")+" fire", func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, name := range names {
			if !p.firing[name] {
				return fmt.Errorf("%s does not; firing are %v", name, slices.Sorted(maps.Keys(p.firing)))
			}
		}
		return nil
	})
	t.Logf("%v fired after %s", names, time.Since(start).Round(100*time.Millisecond))
}

// ends waits until an alert no longer fires.
func (p *prometheus) ends(t *testing.T, within time.Duration, name string) {
	t.Helper()
	harness.Eventually(t, within, name+" is over", func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.firing[name] {
			return fmt.Errorf("it fires")
		}
		return nil
	})
}

// forget what has fired so far.
func (p *prometheus) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.ever)
}

// fired are all alerts that have ever fired.
func (p *prometheus) fired() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.ever))
}

// says gives what Prometheus answers to queries, for whoever has to find out what went wrong.
func (p *prometheus) says(t *testing.T, queries ...string) {
	t.Helper()
	for _, query := range queries {
		resp, err := http.PostForm(p.url+"/api/v1/query", map[string][]string{"query": {query}})
		must(t, err)
		text, err := io.ReadAll(resp.Body)
		must(t, err)
		resp.Body.Close()
		t.Logf("%s: %s", query, text)
	}
}

// samples is how many series a query gives.
func (p *prometheus) samples(t *testing.T, query string) int {
	t.Helper()
	resp, err := http.PostForm(p.url+"/api/v1/query", map[string][]string{"query": {query}})
	must(t, err)
	defer resp.Body.Close()
	var answer struct {
		Data struct{ Result []json.RawMessage }
	}
	must(t, json.NewDecoder(resp.Body).Decode(&answer))
	return len(answer.Data.Result)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
