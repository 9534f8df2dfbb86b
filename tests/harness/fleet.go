package harness

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/ports"
)

// CommandWith runs a command of the program with further variables, NAME=value without the prefix, which win over those of the
// pipeline. It gives what it printed, and its error.
func (p *Pipeline) CommandWith(ctx context.Context, variables []string, args ...string) (string, error) {
	path, err := binary()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append([]string{}, p.env...)
	for _, v := range variables {
		cmd.Env = append(cmd.Env, "THROUGHLINE_"+v)
	}
	out, err := cmd.Output()
	return string(out), err
}

// NewServicesConfigured is NewServices with a configuration file of ClickHouse, in XML.
func NewServicesConfigured(t testing.TB, sites, xml string, variables ...string) *Services {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.xml")
	must(t, os.WriteFile(file, []byte(xml), 0o644))
	s := newServices(t, sites, variables)
	s.settings = map[string]string{"config-file": file}
	s.StartBroker(t)
	s.startRest(t)
	return s
}

// Member is one of several collectors or processors, with addresses and a folder that stay when it is restarted.
type Member struct {
	*Process
	// HTTP is empty for a processor.
	HTTP, Admin string
	kind, log   string
	env         []string
}

// AddCollector starts a further collector with a spool of its own and waits until it is ready. Variables come as
// NAME=value without the prefix.
func (s *Services) AddCollector(t testing.TB, number int, variables ...string) *Member {
	t.Helper()
	m := &Member{HTTP: ports.For(t), Admin: ports.For(t), kind: "collector", log: s.logFile}
	m.env = append(append([]string{}, s.env...), "THROUGHLINE_COLLECTOR_LISTEN="+m.HTTP, "THROUGHLINE_COLLECTOR_ADMIN_LISTEN="+m.Admin,
		"THROUGHLINE_COLLECTOR_SPOOL_DIR="+filepath.Join(s.Dir, fmt.Sprint("spool", number)))
	m.start(t, variables)
	return m
}

// AddProcessor starts a further processor with the state folder of its number and waits until it owns partitions.
func (s *Services) AddProcessor(t testing.TB, number int, variables ...string) *Member {
	t.Helper()
	m := &Member{Admin: ports.For(t), kind: "processor", log: s.logFile}
	m.env = append(append([]string{}, s.env...), "THROUGHLINE_PROCESSOR_STATE_DIR="+s.StateDir(number),
		"THROUGHLINE_PROCESSOR_ADMIN_LISTEN="+m.Admin, "THROUGHLINE_PROCESSOR_SESSION_TIMEOUT=6s")
	m.start(t, variables)
	return m
}

func (m *Member) start(t testing.TB, variables []string) {
	t.Helper()
	for _, v := range variables {
		m.env = append(m.env, "THROUGHLINE_"+v)
	}
	m.Start(t)
	t.Cleanup(func() { m.Kill() })
}

// Start starts it where it was, and waits until it is ready.
func (m *Member) Start(t testing.TB) {
	t.Helper()
	m.Process = launch(t, m.log, m.env, m.kind)
	Eventually(t, 2*time.Minute, "the "+m.kind+" is ready", func() error {
		if !m.Ready(t.Context()) {
			return fmt.Errorf("%s is not", m.Admin)
		}
		return nil
	})
}

// Ready asks it once whether it is ready, as a load balancer does.
func (m *Member) Ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+m.Admin+"/readyz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}
