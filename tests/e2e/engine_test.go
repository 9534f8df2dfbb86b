package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/suite"
)

// engineOf finds the child process that holds the engine of a running pipeline.
func engineOf(t *testing.T, p *harness.Pipeline) int {
	t.Helper()
	pid := 0
	harness.Eventually(t, 20*time.Second, "the engine runs", func() error {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", p.Pid()))
		if err != nil {
			return err
		}
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.Pid()))
		if err != nil {
			return err
		}
		for _, task := range tasks {
			more, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", p.Pid(), task.Name()))
			if err == nil {
				children = append(append(children, ' '), more...)
			}
		}
		fields := strings.Fields(string(children))
		if len(fields) == 0 {
			return fmt.Errorf("process %d has no child", p.Pid())
		}
		_, err = fmt.Sscan(fields[0], &pid)
		return err
	})
	return pid
}

// TestEngineCrashes kills the engine's process again and again under an import and live touchpoints. The pipeline's own
// process goes on and goes on acknowledging; nothing is lost; the tables are those of an undisturbed run.
func TestEngineCrashes(t *testing.T) {
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("needs /proc to find the engine's process")
	}
	want := undisturbed(t)
	file := suite.Dataset(t, "google-merch-events.csv.gz")
	p := harness.New(t, suite.Sites)
	p.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	live := suite.NewLive(p)
	var work sync.WaitGroup
	work.Go(func() { live.Run(ctx) })
	imported := make(chan error, 1)
	go func() { imported <- suite.ImportUntilDone(ctx, t, p, file, "719386 accepted") }()
	pid := p.Pid()
	for range 8 {
		time.Sleep(700 * time.Millisecond)
		before := live.Acknowledged()
		must(t, syscall.Kill(engineOf(t, p), syscall.SIGKILL))
		harness.Eventually(t, 5*time.Second, "touchpoints are acknowledged without the engine", func() error {
			if live.Acknowledged() <= before {
				return fmt.Errorf("still %d", before)
			}
			return nil
		})
	}
	must(t, <-imported)
	cancel()
	work.Wait()
	p.CaughtUp(t, 5*time.Minute)
	if p.Pid() != pid || live.Failed() > 0 {
		t.Errorf("the collector went down with the engine: %d posts failed", live.Failed())
	}
	suite.SameTables(t, p.Tables(t, "merch"), want)
	live.Check(t, p)
}
