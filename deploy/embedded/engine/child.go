package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// handover is the first line that the child reads from its parent. Passwords do not show in the
// process list that way.
type handover struct {
	Config   Config
	Readers  bool          // a second socket follows the first
	Patience time.Duration // how long after its start the child bears damaged tables; then it ends, to be started again
}

const (
	fromParent  = 3 // a pipe: the library makes standard input non-blocking when it likes
	firstSocket = 4
	stopLine    = "stop\n"
)

// RunChild is the hidden subcommand: it reads its configuration from a pipe, takes the
// listening sockets over from the parent and serves until the parent says stop. It exits the process
// at once when the pipe ends, which is when the parent is gone. SIGTERM is for the parent: a
// service manager sends it to all processes of a service, and the parent still needs its engine then.
func RunChild(ctx context.Context) error {
	input := bufio.NewReader(os.NewFile(fromParent, "parent"))
	line, err := input.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read the engine's configuration from its parent: %w", err)
	}
	var h handover
	if err := json.Unmarshal(line, &h); err != nil {
		return fmt.Errorf("understand the engine's configuration: %w", err)
	}
	signal.Ignore(syscall.SIGTERM)
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go obeyParent(input, stop)
	all, err := inherited(firstSocket)
	if err != nil {
		return err
	}
	var readers net.Listener
	if h.Readers {
		if readers, err = inherited(firstSocket + 1); err != nil {
			return err
		}
	}
	cfg, err := h.Config.defaults()
	if err != nil {
		return err
	}
	cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	return serve(ctx, cfg, all, readers, h.Patience)
}

// obeyParent calls stop when the parent says so, and ends the process when its end of the pipe
// closes. Nothing is lost: what was acknowledged is with the kernel, and the locks go with the process.
func obeyParent(input *bufio.Reader, stop func()) {
	if line, _ := input.ReadString('\n'); line == stopLine {
		stop()
	}
	_, err := io.Copy(io.Discard, input) // an error is an end, too
	fmt.Fprintln(os.Stderr, "the parent is gone:", err)
	os.Exit(1)
}

// inherited makes a listener of a descriptor that the parent left open.
func inherited(fd uintptr) (net.Listener, error) {
	file := os.NewFile(fd, "listener")
	defer file.Close()
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("take over the listening socket: %w", err)
	}
	return l, nil
}
