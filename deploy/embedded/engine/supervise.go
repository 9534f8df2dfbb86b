package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	firstPause    = 100 * time.Millisecond
	lastPause     = 5 * time.Second
	healthy       = 30 * time.Second // a child that lived so long does not lengthen the pause
	firstPatience = time.Minute
	lastPatience  = time.Hour
)

// child is one process of the engine.
type child struct {
	cmd  *exec.Cmd
	pipe *os.File // its end tells the child that the parent is gone
	born time.Time
	dead chan struct{} // closed after the process was waited for
	err  error         // of the wait; read it after dead
	tail *tail
}

// spawn starts a child and hands it configuration and sockets.
func (e *Engine) spawn(patience time.Duration) (*child, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program's own file: %w", err)
	}
	c := &child{cmd: exec.Command(binary, e.cfg.Command...), born: time.Now(), dead: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), "TZ=UTC")
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the parent alone
	c.tail = newTail(e.cfg.Log)
	c.cmd.Stdout, c.cmd.Stderr = c.tail, c.tail
	far, near, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make the child's pipe: %w", err)
	}
	defer far.Close()
	c.pipe, c.cmd.ExtraFiles = near, append([]*os.File{far}, e.sockets...)
	if err := c.cmd.Start(); err != nil {
		near.Close()
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	go func() {
		c.err = c.cmd.Wait()
		near.Close()
		close(c.dead)
	}()
	return c, json.NewEncoder(near).Encode(handover{Config: e.cfg, Readers: len(e.sockets) > 1, Patience: patience})
}

// supervise waits for the child's end, and starts the next one unless the engine is stopping.
func (e *Engine) supervise(c *child) {
	defer close(e.ended)
	defer e.closeSockets()
	pause, patience := firstPause, time.Duration(0)
	for {
		select {
		case <-e.stop:
			e.last = c.terminate()
			return
		case <-c.dead:
		}
		e.cfg.Log.Error("ClickHouse engine died; starting it again", "error", c.reason(), "lived", time.Since(c.born).String(), "pause", pause.String())
		e.metrics.restarts.Inc()
		if time.Since(c.born) > healthy {
			pause = firstPause
		}
		// What a start mends it has mended: damage that is found soon after one is borne, longer each time.
		patience = min(max(2*patience, firstPatience), lastPatience)
		if time.Since(c.born) > lastPatience {
			patience = 0
		}
		if c = e.respawn(&pause, patience); c == nil {
			return
		}
	}
}

// respawn tries until a child is started; nil when the engine is being stopped.
func (e *Engine) respawn(pause *time.Duration, patience time.Duration) *child {
	e.hold(nil)
	for {
		select {
		case <-e.stop:
			return nil
		case <-time.After(*pause):
		}
		*pause = min(2**pause, lastPause)
		c, err := e.spawn(patience)
		if err == nil {
			e.hold(c)
			return c
		}
		c.kill()
		e.cfg.Log.Error("ClickHouse engine cannot be started", "error", err)
	}
}

// hold remembers the child that runs now.
func (e *Engine) hold(c *child) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mu.child = c
}

// terminate asks the child to finish and waits for it. Stop kills it when that takes too long.
func (c *child) terminate() error {
	_, _ = c.pipe.WriteString(stopLine) // it may just have ended
	<-c.dead
	if c.err != nil {
		return fmt.Errorf("the ClickHouse engine did not stop cleanly: %w", c.reason())
	}
	return nil
}

// kill ends the child at once. It may be nil or dead.
func (c *child) kill() {
	if c == nil {
		return
	}
	_ = c.cmd.Process.Kill() // it may just have ended
	<-c.dead
}

// reason tells why the child ended, with its last words.
func (c *child) reason() error {
	return errors.Join(c.err, errors.New(c.tail.last()))
}

// tail logs what the child prints, and keeps the last lines.
type tail struct {
	log  *slog.Logger
	mu   sync.Mutex
	part []byte // of a line that is not complete
	end  []string
}

func newTail(log *slog.Logger) *tail { return &tail{log: log} }

// Write takes output of the child.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part = append(t.part, p...)
	for {
		line, rest, found := bytes.Cut(t.part, []byte("\n"))
		if !found {
			return len(p), nil
		}
		t.part = bytes.Clone(rest)
		t.log.Debug("ClickHouse engine", "says", string(line))
		if t.end = append(t.end, string(line)); len(t.end) > 20 {
			t.end = t.end[1:]
		}
	}
}

func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(append(slices.Clone(t.end), string(t.part)), "\n")
}
