// Package cli takes the command line and THROUGHLINE_… variables and runs the command they name: the whole pipeline,
// one of its parts, or a tool beside it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// GOGC is that of every command that runs without one.
const GOGC = 300

// Exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
	exitRejected
)

// Main runs the command line and gives the exit code: 0 done, 1 failed, 2 used wrongly, 3 done but with rejected events.
func Main(args []string, stdout, stderr io.Writer) int {
	if os.Getenv("GOGC") == "" {
		// Batches make short-lived heaps: three times the live heap spares most of the collector's work.
		debug.SetGCPercent(GOGC)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends at once.
	context.AfterFunc(ctx, stop)
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if !errors.Is(err, errSaid) {
		fmt.Fprintln(stderr, "throughline:", err)
	}
	var coded codedError
	if errors.As(err, &coded) {
		return coded.code
	}
	return exitFailed
}

// codedError is an error with an exit code of its own.
type codedError struct {
	error
	code int
}

func (e codedError) Unwrap() error { return e.error }

// errSaid marks a failure that the command has told about in its output.
var errSaid = errors.New("see above")

func usageError(err error) error { return codedError{err, exitUsage} }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "throughline",
		Short: "Customer journeys from touchpoints: collector, processor and store in one program",
		Long: `Throughline takes touchpoints (page seen, ad clicked, order placed, ticket answered …) over HTTP,
puts them into Kafka, and keeps exact sessions, journeys and stage transitions in ClickHouse.

  throughline up --demo     everything on this machine, with a simulated shop
  throughline up            everything on this machine, waiting for your touchpoints
  throughline send          send a first touchpoint
  throughline funnel        look at the funnel

Configuration comes from THROUGHLINE_… variables; .env.example lists every one.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError(fmt.Errorf("%w\nSee '%s --help'", err, c.CommandPath()))
	})
	root.AddGroup(
		&cobra.Group{ID: "run", Title: "Run:"},
		&cobra.Group{ID: "use", Title: "Use:"},
		&cobra.Group{ID: "care", Title: "Care:"},
	)
	add(root, "run", newUp(), newCollector(), newProcessor())
	add(root, "use", newSend(), newImport(), newFunnel(), newTail(), newLive(), newStages())
	add(root, "care", newIdentity(), newForget(), newRebuild(), newTopics(), newOffsets(), newMigrate(), newDoctor(), newHealthcheck())
	root.AddCommand(newEngine(), newServeEngine(), newLibchdb())
	for _, c := range root.Commands() {
		codeArgs(c)
	}
	return root
}

// unknownCommand is what the program says to a first word that is none of its commands.
func unknownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := fmt.Sprintf("see '%s --help'", c.CommandPath())
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError(fmt.Errorf("there is no command %q: %s", args[0], hint))
}

// codeArgs gives wrong arguments the exit code of wrong use.
func codeArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usageError(fmt.Errorf("%w\nSee '%s --help'", err, c.CommandPath()))
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		codeArgs(sub)
	}
}

func add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}
