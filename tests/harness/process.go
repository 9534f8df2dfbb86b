package harness

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// Process is one running command of the program.
type Process struct {
	cmd   *exec.Cmd
	ended chan error
}

// launch starts a command whose output is appended to a file.
func launch(t testing.TB, logFile string, env []string, args ...string) *Process {
	t.Helper()
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	must(t, err)
	defer log.Close()
	p := &Process{cmd: exec.Command(Binary(t), args...), ended: make(chan error, 1)}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, log, log
	must(t, p.cmd.Start())
	go func() { p.ended <- p.cmd.Wait(); close(p.ended) }()
	t.Cleanup(p.Kill) // one that has ended stays so
	return p
}

// Kill ends the process at once, as kill -9 does. A nil process is none.
func (p *Process) Kill() {
	if p != nil {
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// Stop asks the process to stop and waits for it; the exit must be clean.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	must(t, <-p.ended)
}

// Signal sends a signal to the process: SIGSTOP freezes it and SIGCONT lets it go on.
func (p *Process) Signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	must(t, p.cmd.Process.Signal(signal))
}
