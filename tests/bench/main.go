// Command bench takes nothing and gives a table: how fast each path of the pipeline is on this machine, beside a named
// baseline of the same run and the figure that is asked for.
//
// Every part runs as it does in production, in a process of its own: a broker, `throughline collector`, `throughline
// processor`, the engine, or `throughline up`. This process is the load generator. Nothing is asserted: the exit code
// is 0 unless something did not run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/throughline/throughline/deploy/cli"
	"github.com/throughline/throughline/deploy/embedded/broker"
)

// path is one thing that is measured.
type path struct {
	name string
	run  func(context.Context, *bench) error
}

// paths in the order they run in.
func paths() []path {
	return []path{
		{"single", benchSingle},
		{"batch", benchBatch},
		{"latency", benchLatency},
		{"processor", benchProcessor},
		{"pipeline", benchPipeline},
		{"observing", benchObserving},
		{"page", benchPage},
		{"dashboards", benchDashboards},
	}
}

// groups are names for several paths.
var groups = map[string][]string{"collector": {"single", "batch", "latency"}}

// options are the flags.
type options struct {
	only        string
	short       bool
	long        bool
	dir         string
	profile     string
	connections int
	batch       int
	rounds      int
	window      time.Duration
	events      int
	rate        float64
	slowRate    float64
	sustain     time.Duration
	partitions  int
}

// bench is one run.
type bench struct {
	options
	root   string // of everything on disk
	binary string // the throughline program
	report report
}

func main() {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], rolePrefix) {
		debug.SetGCPercent(cli.GOGC) // as every command of the program
		exit(runRole(os.Args[1], os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, parse())
	stop()
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parse() options {
	var o options
	flag.StringVar(&o.only, "only", "", "paths to measure, with commas: collector (single, batch, latency), processor, pipeline, observing, page, dashboards; all when empty")
	flag.BoolVar(&o.short, "short", false, "a quick look: short windows and few events, figures that vary")
	flag.BoolVar(&o.long, "long", false, "ask the dashboards about ten million touchpoints, too")
	flag.StringVar(&o.dir, "dir", "", "folder for data, on the disk to be measured; a temporary one when empty")
	flag.StringVar(&o.profile, "profile", "", "folder that CPU profiles of the server processes are written to")
	flag.IntVar(&o.connections, "connections", 256, "connections that post single events; a quarter of them post batches")
	flag.IntVar(&o.batch, "batch", 100, "events of a request where it has many")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds in which baseline and subjects take turns")
	flag.DurationVar(&o.window, "window", 5*time.Second, "length of one measurement")
	flag.IntVar(&o.events, "events", 1_500_000, "touchpoints in the topic for the processor")
	flag.Float64Var(&o.rate, "rate", 25_000, "events a second offered to the whole pipeline")
	flag.Float64Var(&o.slowRate, "slow-rate", 10_000, "events a second at which the delay until visible is measured")
	flag.DurationVar(&o.sustain, "sustain", 40*time.Second, "how long events are offered to the whole pipeline")
	flag.IntVar(&o.partitions, "partitions", broker.DefaultPartitions(), "partitions of the topic; as 'up' has them")
	flag.Parse()
	if o.short {
		shorten()
	}
	return o
}

// shorten gives flags that were not set values for a quick look.
func shorten() {
	brief := map[string]string{"rounds": "1", "window": "2s", "sustain": "10s", "events": "300000"}
	flag.Visit(func(f *flag.Flag) { delete(brief, f.Name) })
	for name, value := range brief {
		if err := flag.Set(name, value); err != nil {
			panic(err) // a constant
		}
	}
}

// chosen gives the paths that -only names.
func chosen(only string) ([]path, error) {
	if only == "" {
		return paths(), nil
	}
	var names []string
	for name := range strings.SplitSeq(only, ",") {
		if group := groups[name]; group != nil {
			names = append(names, group...)
		} else {
			names = append(names, name)
		}
	}
	var out []path
	for _, p := range paths() {
		if i := slices.Index(names, p.name); i >= 0 {
			out, names = append(out, p), slices.Delete(names, i, i+1)
		}
	}
	if len(names) > 0 {
		return nil, fmt.Errorf("there is no path %q", names[0])
	}
	return out, nil
}

func run(ctx context.Context, o options) error {
	selected, err := chosen(o.only)
	if err != nil {
		return err
	}
	b := &bench{options: o, root: o.dir}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if o.dir == "" {
		defer os.RemoveAll(b.root)
	}
	b.report.head(b)
	var failed error
	for _, p := range selected {
		if err := p.run(ctx, b); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", p.name, err))
			fmt.Fprintf(os.Stderr, "%s did not run: %v\n", p.name, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	b.report.print(os.Stdout)
	return failed
}

// prepare makes the folders and builds the program.
func (b *bench) prepare(ctx context.Context) (err error) {
	// The load generator shares the cores with what it measures: one is more than it needs.
	runtime.GOMAXPROCS(1)
	if b.root == "" {
		if b.root, err = os.MkdirTemp("", "throughline-bench"); err != nil {
			return err
		}
	}
	if b.profile != "" {
		if err := os.MkdirAll(b.profile, 0o755); err != nil {
			return err
		}
	}
	b.binary = filepath.Join(b.root, "throughline")
	return build(ctx, b.binary)
}

// folder makes a new folder for data.
func (b *bench) folder(name string) (string, error) {
	dir, err := os.MkdirTemp(b.root, name)
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	return dir, nil
}
