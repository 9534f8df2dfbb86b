package terminal

import (
	"fmt"
	"strings"
)

// Step is one stage of a funnel.
type Step struct {
	// Stage is its word.
	Stage string
	// Reached counts the journeys that came this far.
	Reached uint64
	// Open journeys stand at this stage and may still go on; Dropped ones stand here and their time is over.
	Open, Dropped uint64
}

// Widths of the columns, and the terminal widths from which they are shown.
const (
	stageWidth   = 14
	numberWidth  = 11
	percentWidth = 9
	leastBar     = 10
)

var barColours = [...]string{cyan, cyan, yellow, green, green}

// layout is which columns a width has room for.
type layout struct {
	stage, bar     int
	convert, leave bool
}

func layoutFor(width int) layout {
	width = max(width, 20)
	all := stageWidth + numberWidth + percentWidth + 2*numberWidth
	switch {
	case width >= all+leastBar:
		return layout{stageWidth, width - all, true, true}
	case width >= all-2*numberWidth+leastBar:
		return layout{stageWidth, width - (all - 2*numberWidth), true, false}
	}
	stage := min(stageWidth, width-numberWidth)
	return layout{stage, width - stage - numberWidth, false, false}
}

// Funnel draws one line a step: bar, journeys that reached it, conversion from the step before, and where the room
// allows the journeys that dropped off there and those still open. Lines end in a line feed and are at most Width wide.
func Funnel(steps []Step, style Style) string {
	l := layoutFor(style.Width)
	var most uint64
	for _, step := range steps {
		most = max(most, step.Reached)
	}
	var out strings.Builder
	out.WriteString(style.paint(dim, strings.TrimRight(l.header(), " ")) + "\n")
	for i, step := range steps {
		out.WriteString(style.paint(bold, fit(Clean(step.Stage), l.stage)))
		drawn := bar(step.Reached, most, l.bar)
		out.WriteString(style.paint(barColours[min(i, len(barColours)-1)], drawn))
		// The bar's own padding is not painted.
		out.WriteString(strings.Repeat(" ", l.bar-len([]rune(drawn))))
		out.WriteString(right(count(step.Reached), numberWidth))
		if l.convert {
			converted := ""
			if i > 0 {
				converted = percent(step.Reached, steps[i-1].Reached)
			}
			out.WriteString(right(converted, percentWidth))
		}
		if l.leave {
			out.WriteString(style.paint(red, right(count(step.Dropped), numberWidth)))
			out.WriteString(style.paint(dim, right(count(step.Open), numberWidth)))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func (l layout) header() string {
	text := fit("stage", l.stage+l.bar) + right("reached", numberWidth)
	if l.convert {
		text += right("of prev.", percentWidth)
	}
	if l.leave {
		text += right("dropped", numberWidth) + right("open", numberWidth)
	}
	return text
}

// bar draws n of most with eighths of a column; whatever is not nothing is at least a hair wide.
func bar(n, most uint64, width int) string {
	if n == 0 || most == 0 || width <= 0 {
		return ""
	}
	eighths := max(1, int(float64(n)/float64(most)*float64(width*8)+0.5))
	full := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		full += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return full
}

// right sets text against the right edge of a column, with a space before it.
func right(text string, width int) string { return fmt.Sprintf("%*s", width, cut(text, width-1)) }
