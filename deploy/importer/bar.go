package importer

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// plainEvery is how often a progress line is written where no bar can be drawn.
const plainEvery = 5 * time.Second

// NewBar gives a Report function: a bar redrawn in place when out is a terminal, else a line every five seconds.
func NewBar(out io.Writer, terminal bool) func(Progress) {
	if !terminal {
		return plainLines(out)
	}
	var bar *progressbar.ProgressBar
	return func(p Progress) {
		if bar == nil {
			bar = newBar(out, p.Size)
		}
		bar.Describe(describe(p))
		at := p.Bytes
		if p.Done && p.Bytes == p.Size {
			at = p.Size
		}
		// The bar's only errors are those of the terminal: losing a drawing must not lose the import.
		_ = bar.Set64(at)
		if p.Done {
			fmt.Fprintln(out)
		}
	}
}

func newBar(out io.Writer, size int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(max(size, 1),
		progressbar.OptionSetWriter(out),
		progressbar.OptionFullWidth(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionThrottle(50*time.Millisecond),
		progressbar.OptionSetTheme(progressbar.ThemeUnicode),
	)
}

func plainLines(out io.Writer) func(Progress) {
	var last time.Duration
	return func(p Progress) {
		if !p.Done && p.Elapsed-last < plainEvery {
			return
		}
		last = p.Elapsed
		line := fmt.Sprintf("%3.0f %%  %s", p.percent(), describe(p))
		if !p.Done {
			line += fmt.Sprintf("  %s left", p.Remaining().Round(time.Second))
		}
		fmt.Fprintln(out, line)
	}
}

func describe(p Progress) string {
	text := fmt.Sprintf("%d rows  %.0f rows/s  accepted %d  rejected %d", p.Rows, p.RowsPerSecond(), p.Accepted, p.Rejected)
	if p.Skipped > 0 {
		text += fmt.Sprintf("  skipped %d", p.Skipped)
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

func (p Progress) percent() float64 {
	if p.Size <= 0 {
		return 100
	}
	return 100 * min(1, float64(p.Bytes)/float64(p.Size))
}
