package picture

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "draw run.svg anew from run.ansi")

// TestPicture holds the README's picture to the frame that it was drawn from. A new frame is taken from a real run, in a
// terminal of 112 columns, when it has run for about a minute:
//
//	tmux -L picture new-session -d -s run -x 112 -y 40 'make run'
//	tmux -L picture capture-pane -e -p -t run > deploy/terminal/picture/run.ansi
//	tmux -L picture send-keys -t run C-c
//	go test ./deploy/terminal/picture -update
func TestPicture(t *testing.T) {
	frame, err := os.ReadFile("run.ansi")
	if err != nil {
		t.Fatal(err)
	}
	got := SVG(string(frame), "make run", 112)
	if *update {
		if err := os.WriteFile("run.svg", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("run.svg")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("run.svg was not drawn from run.ansi: run this test with -update")
	}
	wellFormed(t, got)
	for _, needed := range []string{"awareness", "loyalty", "dropped", "write key"} {
		if !strings.Contains(got, needed) {
			t.Errorf("the picture does not show %q", needed)
		}
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestStylesAndBlocks(t *testing.T) {
	got := SVG("\x1b[1;36mab\x1b[0m █▌ <c>\x1b[2md", "x", 20)
	for _, needed := range []string{
		`fill="#39c5cf" font-weight="bold">ab<`,
		`width="12" height="15" fill="#d7dce4"`, // one block and a half
		`fill="#d7dce4">&lt;c&gt;<`,
		`fill="#8b95a5">d<`,
	} {
		if !strings.Contains(got, needed) {
			t.Errorf("no %s in\n%s", needed, got)
		}
	}
	wellFormed(t, got)
}
