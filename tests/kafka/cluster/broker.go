package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Broker is one process of Java.
type Broker struct {
	ID                        int
	cluster                   *Cluster
	dir                       string
	plain, secure, controller string

	mu      sync.Mutex
	process *os.Process
	ended   chan struct{}
}

// jvm keeps a broker small and quick to start.
var jvm = []string{"-Xmx384m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
	"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dlog4j2.disable.jmx=true"}

func (b *Broker) java(ctx context.Context, main string, args ...string) *exec.Cmd {
	all := append(append([]string{}, jvm...), "-cp", filepath.Join(b.cluster.libs, "*"), main)
	cmd := exec.CommandContext(ctx, "java", append(all, args...)...)
	dieWithUs(cmd)
	return cmd
}

func (b *Broker) config() string { return filepath.Join(b.dir, "server.properties") }

func (b *Broker) format(ctx context.Context, id string) error {
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(b.config(), []byte(b.cluster.properties(b)), 0o600); err != nil {
		return err
	}
	args := []string{"format", "-t", id, "-c", b.config()}
	for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
		args = append(args, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, User, Password))
	}
	if out, err := b.java(ctx, "kafka.tools.StorageTool", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("format broker %d: %w\n%s", b.ID, err, out)
	}
	return nil
}

// Launch starts the broker and does not wait. One that runs is left alone.
func (b *Broker) Launch() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.process != nil {
		return nil
	}
	log, err := os.OpenFile(filepath.Join(b.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := b.java(context.Background(), "kafka.Kafka", b.config())
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start broker %d: %w", b.ID, err)
	}
	ended := make(chan struct{})
	b.process, b.ended = cmd.Process, ended
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(ended)
	}()
	return nil
}

// Addr is where clients connect to.
func (b *Broker) Addr() string {
	if b.cluster.options.OnlySecure {
		return b.secure
	}
	return b.plain
}

// Await waits until the broker listens.
func (b *Broker) Await(ctx context.Context) error {
	b.mu.Lock()
	ended := b.ended
	b.mu.Unlock()
	if ended == nil {
		return fmt.Errorf("broker %d is not started", b.ID)
	}
	for {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", b.Addr())
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ended:
			return fmt.Errorf("broker %d has ended:\n%s", b.ID, b.cluster.Log(2000))
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("broker %d does not listen: %w", b.ID, ctx.Err()), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Kill ends the broker at once, as kill -9 does.
func (b *Broker) Kill() { b.end(syscall.SIGKILL, time.Minute) }

// Stop asks the broker to stop, and kills it when that takes longer than the limit.
func (b *Broker) Stop(limit time.Duration) { b.end(syscall.SIGTERM, limit) }

func (b *Broker) end(signal syscall.Signal, limit time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.process == nil {
		return
	}
	_ = b.process.Signal(signal) // it may have ended by itself
	select {
	case <-b.ended:
	case <-time.After(limit):
		_ = b.process.Kill() // the same
		<-b.ended
	}
	b.process = nil
}
