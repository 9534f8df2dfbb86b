package terminal

import (
	"fmt"
	"strings"
	"time"
)

// Progress is how far something has come.
type Progress struct {
	// Share that is done, 0 to 1.
	Share float64
	// Text says what is counted.
	Text string
	// Remaining time; 0 or less when unknown or done.
	Remaining time.Duration
}

// ProgressLine draws a bar, the share, the text and the remaining time on one line of at most Width columns, without a line feed.
// In a narrow terminal the bar goes first, then the end of the text.
func ProgressLine(p Progress, style Style) string {
	share := max(0, min(1, p.Share))
	text := fmt.Sprintf("%3.0f %%  %s", 100*share, Clean(p.Text))
	if p.Remaining > 0 {
		text += "  " + span(p.Remaining) + " left"
	}
	width := max(style.Width, 20)
	text = cut(text, width)
	room := min(40, width-columns(text)-2)
	if room < leastBar {
		return text
	}
	const fine = 1 << 20
	done := bar(uint64(share*fine), fine, room)
	rest := strings.Repeat("░", room-len([]rune(done)))
	return style.paint(green, done) + style.paint(dim, rest) + "  " + text
}
