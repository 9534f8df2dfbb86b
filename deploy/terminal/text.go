package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
)

// Clean writes control and formatting characters (escape sequences, line ends, direction marks) as \x1b, \n, \u202e.
func Clean(text string) string {
	bad := func(r rune) bool {
		return r == unicode.ReplacementChar || unicode.In(r, unicode.C, unicode.Zl, unicode.Zp)
	}
	if strings.IndexFunc(text, bad) < 0 {
		return text
	}
	var clean strings.Builder
	for _, r := range text {
		if bad(r) {
			quoted := strconv.QuoteRuneToASCII(r)
			clean.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		clean.WriteRune(r)
	}
	return clean.String()
}

// fit gives text exactly width columns: padded on the right, or cut with an ellipsis. It must be clean.
func fit(text string, width int) string {
	text = cut(text, width)
	return text + strings.Repeat(" ", max(0, width-uniseg.StringWidth(text)))
}

// cut shortens text to at most width columns.
func cut(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	var kept strings.Builder
	used := 0
	for rest, state := text, -1; rest != ""; {
		var cluster string
		var wide int
		cluster, rest, wide, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+wide > width-1 {
			break
		}
		kept.WriteString(cluster)
		used += wide
	}
	if width > 0 {
		kept.WriteString("…")
	}
	return kept.String()
}

// count writes 1234567 as 1,234,567.
func count(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var grouped strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			grouped.WriteByte(',')
		}
		grouped.WriteRune(d)
	}
	return grouped.String()
}

// percent gives part of whole, empty when there is no whole.
func percent(part, whole uint64) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// span writes a duration with the precision a reader wants: 0.3 s, 12 s, 4 min, 3 h.
func span(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f h", d.Hours())
}
