package faults

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// process is one running command.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // of the wait; read it after ended
}

// launch starts a command whose output is appended to a file.
func launch(t testing.TB, logFile string, env []string, command string, args ...string) *process {
	t.Helper()
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	must(t, err)
	defer log.Close()
	p := &process{cmd: exec.Command(command, args...), ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, log, log
	_, err = p.cmd.StdinPipe()
	must(t, err)
	must(t, p.cmd.Start())
	go func() { p.err = p.cmd.Wait(); close(p.ended) }()
	return p
}

// signal sends a signal, unless the process is gone.
func (p *process) signal(s syscall.Signal) {
	if p != nil {
		_ = p.cmd.Process.Signal(s)
	}
}

// kill ends the process at once, as kill -9 does. A nil process is none.
func (p *process) kill() {
	if p != nil {
		p.signal(syscall.SIGKILL)
		<-p.ended
	}
}

// stop asks the process to stop; its exit must be clean and within the limit.
func (p *process) stop(t testing.TB, limit time.Duration) {
	t.Helper()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		must(t, p.err)
	case <-time.After(limit):
		t.Fatalf("%v has not stopped within %s", p.cmd.Args, limit)
	}
}
