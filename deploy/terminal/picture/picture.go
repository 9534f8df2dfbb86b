// Package picture takes what a terminal shows, text with escape sequences for colours, and gives an SVG of it: the
// picture of `make run` in the README.
package picture

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The size of a cell and of what lies round the cells, in pixels.
const (
	cellWidth  = 8.0
	cellHeight = 19.0
	margin     = 18.0
	titleBar   = 34.0
)

// Colours of the window. It is dark with a border, so that it stands out from a light page and from a dark one.
const (
	background = "#15181e"
	border     = "#3c4452"
	foreground = "#d7dce4"
	faded      = "#8b95a5"
)

// palette maps SGR colours to colours of the picture.
var palette = map[int]string{31: "#ff7b72", 32: "#56d364", 33: "#e3b341", 36: "#39c5cf"}

// style is what escape sequences have set so far.
type style struct {
	colour    int
	bold, dim bool
}

// SVG draws the lines of a frame in a window with a title. Lines are at most columns wide.
func SVG(frame, title string, columns int) string {
	lines := strings.Split(strings.Trim(frame, "\n"), "\n")
	width := 2*margin + float64(columns)*cellWidth
	height := titleBar + 2*margin + float64(len(lines))*cellHeight
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%g" height="%g" viewBox="0 0 %[1]g %[2]g" role="img">`+"\n", width, height)
	fmt.Fprintf(&out, "<title>%s</title>\n", html.EscapeString(title))
	fmt.Fprintf(&out, `<rect x="0.5" y="0.5" width="%g" height="%g" rx="8" fill="%s" stroke="%s"/>`+"\n", width-1, height-1, background, border)
	for i, dot := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(&out, `<circle cx="%g" cy="%g" r="5.5" fill="%s"/>`+"\n", margin+4+20*float64(i), titleBar/2, dot)
	}
	out.WriteString(`<g font-family="Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="13">` + "\n")
	fmt.Fprintf(&out, `<text x="%g" y="%g" fill="%s" text-anchor="middle">%s</text>`+"\n", width/2, titleBar/2+4.5, faded, html.EscapeString(title))
	now := style{}
	for row, line := range lines {
		drawLine(&out, line, titleBar+margin+float64(row)*cellHeight, &now)
	}
	out.WriteString("</g>\n</svg>\n")
	return out.String()
}

// drawLine draws one line whose cells begin at the height y.
func drawLine(out *strings.Builder, line string, y float64, now *style) {
	column := 0
	for line != "" {
		if sequence, rest, ok := escape(line); ok {
			now.apply(sequence)
			line = rest
			continue
		}
		end := strings.IndexByte(line, '\x1b')
		if end < 0 {
			end = len(line)
		}
		column += drawRun(out, line[:end], column, y, now)
		line = line[end:]
	}
}

// escape cuts an SGR sequence off the front of a line.
func escape(line string) (parameters, rest string, ok bool) {
	line, ok = strings.CutPrefix(line, "\x1b[")
	if !ok {
		return "", "", false
	}
	return strings.Cut(line, "m")
}

func (s *style) apply(parameters string) {
	for text := range strings.SplitSeq(parameters, ";") {
		switch n, _ := strconv.Atoi(text); n { // what is no number is 0, as terminals take it
		case 0:
			*s = style{}
		case 1:
			s.bold = true
		case 2:
			s.dim = true
		case 22:
			s.bold, s.dim = false, false
		case 39:
			s.colour = 0
		default:
			if palette[n] != "" {
				s.colour = n
			}
		}
	}
}

func (s *style) fill() string {
	switch {
	case s.dim:
		return faded
	case s.colour != 0:
		return palette[s.colour]
	}
	return foreground
}

// eighths are the parts of a block, in order: eight of them fill a cell.
const eighths = "▏▎▍▌▋▊▉█"

// drawRun draws text of one style and gives the columns that it takes. Blocks become rectangles: fonts leave gaps.
func drawRun(out *strings.Builder, text string, column int, y float64, now *style) int {
	used := 0
	for text != "" {
		n := strings.IndexAny(text, eighths)
		if n == 0 {
			width, cells, size := blocks(text)
			fmt.Fprintf(out, `<rect x="%g" y="%g" width="%g" height="%g" fill="%s"/>`+"\n",
				margin+float64(column+used)*cellWidth, y+2, width*cellWidth, cellHeight-4, now.fill())
			used, text = used+cells, text[size:]
			continue
		}
		if n < 0 {
			n = len(text)
		}
		drawWords(out, text[:n], column+used, y, now)
		used, text = used+utf8.RuneCountInString(text[:n]), text[n:]
	}
	return used
}

// blocks measures the blocks that text begins with: their width in cells, the cells they stand in, and their bytes.
func blocks(text string) (width float64, cells, size int) {
	for _, r := range text {
		at := strings.IndexRune(eighths, r)
		if at < 0 {
			break
		}
		width += float64(at/utf8.RuneLen(r)+1) / 8
		cells++
		size += utf8.RuneLen(r)
	}
	return width, cells, size
}

// drawWords draws text. Words with more than one blank between them are placed each by itself, so that columns stand
// where they should whatever the font.
func drawWords(out *strings.Builder, text string, column int, y float64, now *style) {
	for text != "" {
		words, rest, _ := strings.Cut(text, "  ")
		if trimmed := strings.TrimLeft(words, " "); trimmed != "" {
			at := column + len(words) - len(trimmed)
			drawWord(out, strings.TrimRight(trimmed, " "), at, y, now)
		}
		column += utf8.RuneCountInString(words) + 2
		text = rest
	}
}

// drawWord draws text in exactly the width of its cells.
func drawWord(out *strings.Builder, text string, column int, y float64, now *style) {
	weight := ""
	if now.bold {
		weight = ` font-weight="bold"`
	}
	fmt.Fprintf(out, `<text x="%g" y="%g" textLength="%g" fill="%s"%s>%s</text>`+"\n",
		margin+float64(column)*cellWidth, y+cellHeight-5, float64(utf8.RuneCountInString(text))*cellWidth, now.fill(), weight,
		html.EscapeString(text))
}
