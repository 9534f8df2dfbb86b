package rebuild

import (
	"fmt"
	"io"
	"time"

	"github.com/throughline/throughline/deploy/terminal"
	"github.com/throughline/throughline/processor"
)

// plainEvery is how often a line is written where no bar can be drawn.
const plainEvery = 5 * time.Second

// NewBar gives what a rebuild tells its progress: a bar redrawn in place where out is a terminal, else a line every five seconds. clear
// takes the bar away.
func NewBar(out io.Writer) (progress func(processor.RebuildProgress), clear func()) {
	screen := terminal.NewScreen(out)
	if !screen.Live() {
		return plainLines(out, time.Now), func() {}
	}
	progress = func(p processor.RebuildProgress) {
		// The only errors are those of the terminal: losing a drawing must not lose the work.
		_ = screen.Draw(terminal.ProgressLine(terminal.Progress{Share: share(p), Text: describe(p)}, screen.Style()))
	}
	return progress, func() { _ = screen.Draw("") }
}

func plainLines(out io.Writer, now func() time.Time) func(processor.RebuildProgress) {
	last := now()
	return func(p processor.RebuildProgress) {
		if now().Sub(last) < plainEvery {
			return
		}
		last = now()
		fmt.Fprintf(out, "%.0f %%  %s\n", 100*share(p), describe(p))
	}
}

func share(p processor.RebuildProgress) float64 {
	if p.Of == 0 {
		return 1
	}
	return float64(p.Done) / float64(p.Of)
}

func describe(p processor.RebuildProgress) string {
	return fmt.Sprintf("%s: %s of %s touchpoints read", p.Step, number(p.Done), number(p.Of))
}
