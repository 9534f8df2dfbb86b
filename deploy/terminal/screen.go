package terminal

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/rivo/uniseg"
)

// Screen keeps a frame of some lines at the bottom of a terminal, redrawn in place, while other text scrolls above it.
// Where out is no terminal Draw writes nothing and Write passes through. Safe for concurrent use.
type Screen struct {
	out  io.Writer
	live bool
	size func() (width, height int)

	mu    sync.Mutex
	frame string
	lines int
}

// NewScreen makes a screen on out; it writes nothing yet.
func NewScreen(out io.Writer) *Screen {
	return &Screen{out: out, live: IsTerminal(out), size: func() (int, int) { return sizeOf(out) }}
}

// Live tells whether frames can be redrawn.
func (s *Screen) Live() bool { return s.live }

// Style of the screen as wide as it is now.
func (s *Screen) Style() Style { return StyleOf(s.out) }

// Draw puts frame in place of the one before. Lines should come from this package and fit the width; lines that do not fit the
// height are left out at the end.
func (s *Screen) Draw(frame string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live {
		return nil
	}
	s.frame = strings.TrimRight(frame, "\n")
	_, err := io.WriteString(s.out, s.erase()+s.show())
	if err != nil {
		return fmt.Errorf("drawing: %w", err)
	}
	return nil
}

// Write puts text (whole lines, such as a log's) above the frame.
func (s *Screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live {
		return s.out.Write(text)
	}
	above := string(text)
	if s.frame != "" && !strings.HasSuffix(above, "\n") {
		above += "\n"
	}
	if _, err := io.WriteString(s.out, s.erase()+above+s.show()); err != nil {
		return 0, err
	}
	return len(text), nil
}

// erase goes back to where the frame began and clears what follows.
func (s *Screen) erase() string {
	if s.lines == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\r\x1b[J", s.lines)
}

func (s *Screen) show() string {
	s.lines = 0
	if s.frame == "" {
		return ""
	}
	_, height := s.size()
	lines := strings.Split(s.frame, "\n")
	// One line is the cursor's; a frame that scrolled could not be erased.
	lines = lines[:min(len(lines), max(1, height-1))]
	s.lines = len(lines)
	return strings.Join(lines, "\n") + "\n"
}

func columns(text string) int { return uniseg.StringWidth(text) }
