package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// report gathers rows while paths run.
type report struct {
	rows  []row
	notes []string
}

// row is one figure beside its baseline.
type row struct {
	path, figure, baseline, ratio, goal string
	met                                 bool
}

func (r *report) add(x row) { r.rows = append(r.rows, x) }

// note says at once, and again below the table, how a figure came about.
func (r *report) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.notes = append(r.notes, text)
	fmt.Println(text)
}

// head tells what is measured where.
func (r *report) head(b *bench) {
	fmt.Printf("throughline bench: %d cores, %s, %s; %d rounds of %s; single events on %d connections, batches of %d on %d; data in %s\n",
		runtime.NumCPU(), runtime.Version(), time.Now().Format(time.DateTime), b.rounds, b.window, b.connections, b.batch, max(1, b.connections/4), b.root)
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Printf("load average at the start %s: above 0.5, other work takes its share of every figure\n", strings.Join(strings.Fields(string(text))[:3], " "))
	}
	fmt.Println("this process is the load generator, on one core at most; each server below is a process of its own")
	fmt.Println()
}

func (r *report) print(w io.Writer) {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PATH\tFIGURE\tBASELINE\tRATIO\tGOAL\t")
	for _, x := range r.rows {
		verdict := "missed"
		if x.met {
			verdict = "met"
		}
		if x.goal == "" {
			verdict = ""
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", x.path, x.figure, x.baseline, x.ratio, x.goal, verdict)
	}
	_ = t.Flush() // to a terminal
	fmt.Fprintln(w)
	for _, n := range r.notes {
		fmt.Fprintln(w, "-", n)
	}
}

// amount words a number of something a second.
func amount(n float64, of string) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.2f M %s/s", n/1e6, of)
	case n >= 1e4:
		return fmt.Sprintf("%.1f k %s/s", n/1e3, of)
	}
	return fmt.Sprintf("%.0f %s/s", n, of)
}

func ratio(x float64) string { return fmt.Sprintf("%.2fx", x) }
