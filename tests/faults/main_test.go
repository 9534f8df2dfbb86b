package faults

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"testing"

	"github.com/throughline/throughline/deploy/embedded/broker"
	"github.com/throughline/throughline/deploy/embedded/engine"
)

var (
	seed   = flag.Uint64("faults-seed", 1, "seed of events and of the moments of faults")
	kills  = flag.Int("faults-kills", 30, "how many processes to kill in TestKilledAtRandom")
	events = flag.Int("faults-events", 6_000, "how many events each test sends at least while it breaks things")
)

// First arguments that make this binary a part of a rig.
const (
	engineArgument = "faults-engine"
	brokerArgument = "faults-broker"
	skewedArgument = "faults-skewed-collector"
)

// TestMain runs the tests, or the part that a test has started this binary as.
func TestMain(m *testing.M) {
	part := map[string]func(context.Context) error{engineArgument: engine.RunChild, brokerArgument: runBroker, skewedArgument: runSkewed}
	if len(os.Args) > 1 && part[os.Args[1]] != nil {
		if err := part[os.Args[1]](context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// The tests mostly wait for sessions to time out. -parallel of the command line comes later and wins.
	if err := flag.Set("test.parallel", "4"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// runBroker is a broker in a process of its own: folder, address to listen on, address to tell clients, partitions. It ends
// with its standard input.
func runBroker(ctx context.Context) error {
	if len(os.Args) != 6 {
		return errors.New("usage: folder listen advertise partitions")
	}
	partitions, err := strconv.Atoi(os.Args[5])
	if err != nil {
		return err
	}
	b, err := broker.New(broker.Config{DataDir: os.Args[2], Listen: os.Args[3], Advertise: os.Args[4], Partitions: partitions},
		slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	if err := b.Start(ctx); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, b.Stop())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
