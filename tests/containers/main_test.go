package containers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// required turns a missing docker into a failure.
var required = os.Getenv("REQUIRE_CONTAINERS") != ""

func TestMain(m *testing.M) {
	code := m.Run()
	daemon.stop()
	os.Exit(code)
}

// daemon is the docker engine of the tests, where none was running.
var daemon dockerd

type dockerd struct {
	once    sync.Once
	process *exec.Cmd
	err     error
}

// answers tells whether an engine is there.
func answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "docker", "info").CombinedOutput()
	if err != nil {
		return fmt.Errorf("docker info: %w: %s", err, out)
	}
	return nil
}

// need gives an engine, or skips the test where there is none and none is required.
func (d *dockerd) need(t *testing.T) {
	t.Helper()
	d.once.Do(func() {
		if d.err = answers(); d.err != nil && required {
			d.err = d.start()
		}
	})
	if d.err != nil && !required {
		t.Skipf("no docker engine answers: %v", d.err)
	}
	must(t, d.err)
	// The reaper's image may not be pullable; each test removes what it made. Ports are mapped to loopback.
	t.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
	t.Setenv("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")
}

// start runs an engine that needs nothing of its host's file system.
func (d *dockerd) start() error {
	log, err := os.CreateTemp("", "dockerd-*.log")
	if err != nil {
		return err
	}
	defer log.Close()
	d.process = exec.Command("dockerd", "-s", "vfs")
	d.process.Stdout, d.process.Stderr = log, log
	if err := d.process.Start(); err != nil {
		return fmt.Errorf("start dockerd (Debian: docker.io, iptables): %w", err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if err = answers(); err == nil || time.Now().After(deadline) {
			break
		}
	}
	if err != nil {
		text, _ := os.ReadFile(log.Name()) // it says why
		return fmt.Errorf("dockerd does not answer: %w\n%s", err, text)
	}
	return os.Remove(log.Name())
}

func (d *dockerd) stop() {
	if d.process == nil || d.process.Process == nil {
		return
	}
	_ = d.process.Process.Signal(os.Interrupt) // it may have ended
	_ = d.process.Wait()
}

// docker runs a command of the client.
func docker(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("docker %v: %w\n%s", args, err, out)
	}
	return string(out), nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
