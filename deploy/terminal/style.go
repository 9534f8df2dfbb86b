package terminal

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Style is what a drawing may use.
type Style struct {
	// Width in columns; at least 20 is assumed.
	Width int
	// Colour allows escape sequences for colours.
	Colour bool
}

// plainWidth is used where the output is no terminal.
const plainWidth = 100

// StyleOf looks at where the text goes: a terminal gives its width and colours (unless NO_COLOR is set or TERM is dumb),
// anything else plain text of 100 columns.
func StyleOf(out io.Writer) Style {
	if !IsTerminal(out) {
		return Style{Width: plainWidth}
	}
	width, _ := sizeOf(out)
	return Style{Width: width, Colour: os.Getenv("NO_COLOR") == ""}
}

// IsTerminal tells whether text can be redrawn in place.
func IsTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// sizeOf gives columns and lines, or a usual size where the terminal does not tell.
func sizeOf(out io.Writer) (width, height int) {
	if file, ok := out.(*os.File); ok {
		if width, height, err := term.GetSize(int(file.Fd())); err == nil && width > 0 && height > 0 {
			return width, height
		}
	}
	return plainWidth, 24
}

// Colours as SGR parameters.
const (
	dim    = "2"
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (s Style) paint(colour, text string) string {
	if !s.Colour || colour == "" || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
