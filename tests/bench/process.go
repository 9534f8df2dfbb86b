package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/throughline/throughline/tests/ports"
)

// build compiles the program.
func build(ctx context.Context, to string) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", to, "github.com/throughline/throughline").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return nil
}

// process is one server under measurement.
type process struct {
	name    string
	pid     int
	profile string // host:port of its pprof endpoint, "" for none
	log     string // file of what it says
	cmd     *exec.Cmd
	ended   chan struct{}
	err     error // after ended
}

// start runs a program with variables as NAME=value.
func (b *bench) start(name, profile string, env []string, program string, args ...string) (*process, error) {
	p := &process{name: name, profile: profile, log: filepath.Join(b.root, name+".log"), ended: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(program, args...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append(os.Environ(), env...), log, log
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.pid = p.cmd.Process.Pid
	go func() { p.err = p.cmd.Wait(); close(p.ended) }()
	return p, nil
}

// ready waits until check succeeds or the process has ended.
func (p *process) ready(ctx context.Context, check func() error) error {
	for deadline := time.Now().Add(time.Minute); ; {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s has ended: %w\n%s", p.name, p.err, p.tail())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready: %w\n%s", p.name, err, p.tail())
		}
	}
}

func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// stop asks the process to end, and insists after a while.
func (p *process) stop() {
	if p == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(40 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// listens is a check that something accepts connections.
func listens(addr string) func() error {
	return func() error {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// answersOK is a check of an URL.
func answersOK(url string) func() error {
	return func() error {
		resp, err := http.Get(url)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return errors.New(resp.Status)
		}
		return nil
	}
}

// freeAddrs fills in several.
func freeAddrs(addrs ...*string) (err error) {
	for _, a := range addrs {
		if *a, err = ports.Addr(); err != nil {
			return err
		}
	}
	return nil
}

// variables puts the prefix before each NAME=value.
func variables(list ...string) []string {
	for i := range list {
		list[i] = "THROUGHLINE_" + list[i]
	}
	return append(list, "THROUGHLINE_LOG_LEVEL=warn")
}

// childrenOf lists the processes that a process has started.
func childrenOf(pid int) (out []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if fields := statFields(child); len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			out = append(out, child)
		}
	}
	return out
}
