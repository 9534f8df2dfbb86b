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
)

// handover is the first line on the child's standard input. Passwords do not show in the process
// list that way.
type handover struct {
	Config  Config
	Readers bool // a second socket follows the first
}

const firstSocket = 3 // the descriptor behind standard error

// RunChild is the hidden subcommand: it reads its configuration from standard input, takes the
// listening sockets over from the parent and serves until SIGTERM. It exits the process at once
// when standard input ends, which is when the parent is gone.
func RunChild(ctx context.Context) error {
	input := bufio.NewReader(os.Stdin)
	line, err := input.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read the engine's configuration from its parent: %w", err)
	}
	var h handover
	if err := json.Unmarshal(line, &h); err != nil {
		return fmt.Errorf("understand the engine's configuration: %w", err)
	}
	go dieWithParent(input)
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
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
	return serve(ctx, cfg, all, readers)
}

// dieWithParent ends the process when the parent's end of the pipe closes. Nothing is lost: what
// was acknowledged is with the kernel, and the locks go with the process.
func dieWithParent(input io.Reader) {
	_, err := io.Copy(io.Discard, input) // an error is an end, too
	fmt.Fprintln(os.Stderr, "standard input has ended, so the parent is gone:", err)
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
