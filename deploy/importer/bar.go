package importer

import (
	"fmt"
	"io"
	"time"

	"github.com/throughline/throughline/deploy/terminal"
)

// plainEvery is how often a progress line is written where no bar can be drawn.
const plainEvery = 5 * time.Second

// NewBar gives a Report function: with live a bar redrawn in place on the terminal out, else a line every five seconds.
func NewBar(out io.Writer, live bool) func(Progress) {
	if !live {
		return plainLines(out)
	}
	screen := terminal.NewScreen(out)
	return func(p Progress) {
		// The only errors are those of the terminal: losing a drawing must not lose the import.
		_ = screen.Draw(terminal.ProgressLine(p.line(), screen.Style()))
	}
}

func plainLines(out io.Writer) func(Progress) {
	var last time.Duration
	return func(p Progress) {
		if !p.Done && p.Elapsed-last < plainEvery {
			return
		}
		last = p.Elapsed
		fmt.Fprintf(out, "%.0f %%  %s\n", 100*p.share(), describe(p))
	}
}

func (p Progress) line() terminal.Progress {
	line := terminal.Progress{Share: p.share(), Text: describe(p)}
	if !p.Done {
		line.Remaining = p.Remaining()
	}
	return line
}

func describe(p Progress) string {
	text := fmt.Sprintf("%d rows  %.0f/s  %d accepted  %d rejected", p.Rows, p.RowsPerSecond(), p.Accepted, p.Rejected)
	if p.Skipped > 0 {
		text += fmt.Sprintf("  %d skipped", p.Skipped)
	}
	return text
}

// RowsPerSecond is this run's speed.
func (p Progress) RowsPerSecond() float64 {
	if p.Elapsed <= 0 {
		return 0
	}
	return float64(p.Rows-p.Resumed) / p.Elapsed.Seconds()
}

// Remaining is the time that the rest of the file should take, 0 when unknown.
func (p Progress) Remaining() time.Duration {
	if p.Bytes <= 0 || p.Bytes >= p.Size {
		return 0
	}
	return time.Duration(float64(p.Elapsed) * float64(p.Size-p.Bytes) / float64(p.Bytes))
}

func (p Progress) share() float64 {
	if p.Size <= 0 {
		return 1
	}
	return float64(p.Bytes) / float64(p.Size)
}
