package harness

import (
	"os"
	"path/filepath"
	"testing"
)

// StartWithoutProcessor starts all but the processor and waits until touchpoints are taken.
func (p *Pipeline) StartWithoutProcessor(t testing.TB) {
	t.Helper()
	p.process = launch(t, p.logFile, p.env, "up", "--without-processor")
	p.WaitReady(t)
}

// Run starts another command of the program against this pipeline, to be killed; what it prints goes to the log.
func (p *Pipeline) Run(t testing.TB, args ...string) *Process {
	t.Helper()
	return launch(t, p.logFile, p.env, args...)
}

// SetSites writes another sites file, which the program reads when it starts.
func (p *Pipeline) SetSites(t testing.TB, sites string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(filepath.Dir(p.Dir), "sites.yaml"), []byte(sites), 0o644))
}
