package terminal

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name + ".golden"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update if that is meant\ngot\n%s\nwant\n%s", path, got, want)
	}
}

var steps = []Step{
	{"awareness", 1234567, 2300, 456789}, {"consideration", 777000, 12, 345678}, {"intent", 90210, 7, 50000}, {"purchase", 40000, 3, 39000}, {"loyalty", 1, 1, 0}}

func TestFunnelGolden(t *testing.T) {
	var got strings.Builder
	for _, style := range []Style{{Width: 120}, {Width: 80, Colour: true}, {Width: 60}, {Width: 36}, {Width: 24}} {
		fmt.Fprintf(&got, "%+v\n%s\n", style, Funnel(steps, style))
	}
	fmt.Fprintf(&got, "empty\n%s\n", Funnel([]Step{{Stage: "awareness"}, {Stage: "intent"}}, Style{Width: 80}))
	golden(t, "funnel", got.String())
}

func TestStatusGolden(t *testing.T) {
	var got strings.Builder
	for _, s := range []Status{
		{AcceptedPerSecond: 50.4, Stored: 20123, Lag: 12, Freshness: 900 * time.Millisecond},
		{AcceptedPerSecond: 25000, RejectedPerSecond: 1.5, Stored: 1e7, Lag: 30000, Freshness: 7 * time.Second},
		{Freshness: -1},
		{Freshness: 90 * time.Minute, Trouble: "ClickHouse is away\n, retrying"},
	} {
		for _, style := range []Style{{Width: 100}, {Width: 100, Colour: true}, {Width: 40}} {
			fmt.Fprintln(&got, StatusLine(s, style))
		}
	}
	golden(t, "status", got.String())
}

func TestProgressGolden(t *testing.T) {
	var got strings.Builder
	for _, p := range []Progress{
		{0, "0 rows", 0}, {0.42, "310000 rows  98000/s  309998 accepted  2 rejected", 4 * time.Second}, {1, "719386 rows", 0}, {7, "a\nb", 0},
	} {
		for _, style := range []Style{{Width: 120}, {Width: 80, Colour: true}, {Width: 40}} {
			fmt.Fprintln(&got, ProgressLine(p, style))
		}
	}
	golden(t, "progress", got.String())
}

func TestTailGolden(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 12e6, time.UTC)
	var got strings.Builder
	for _, one := range []Touch{
		{At: at, Site: "main", Verdict: "accepted", Stage: "intent", Rule: "cart", Event: "Product Added", Customer: "anna@example.com", Channel: "paid_search"},
		{At: at, Site: "main", Verdict: "accepted", Event: "Logged\x1b[2J In", Customer: "山田太郎-山田太郎-山田太郎", Channel: "direct"},
		{At: at, Site: "main", Verdict: "rejected", Reason: "missing", Field: "event", Customer: "a1"},
		{At: at, Site: "a-long-site-name", Verdict: "retry", Event: "x"},
	} {
		for _, style := range []Style{{Width: 140}, {Width: 140, Colour: true}, {Width: 60}} {
			fmt.Fprintln(&got, Tail(one, style))
		}
	}
	golden(t, "tail", got.String())
}

var escapes = regexp.MustCompile("\x1b\\[[0-9]*m")

// Whatever the figures, names and width: no line is wider than the width, and no control character gets through.
func TestNothingIsWiderThanTheTerminal(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 2))
	name := func() string {
		letters := []rune("aé山😀\x1b\n\u202e\u200d️́ ")
		var out []rune
		for range random.IntN(40) {
			out = append(out, letters[random.IntN(len(letters))])
		}
		return string(out)
	}
	for range 5000 {
		style := Style{Width: 20 + random.IntN(180), Colour: random.IntN(2) == 0}
		n := func() uint64 { return random.Uint64N(1e9) >> random.IntN(30) }
		text := Funnel([]Step{{name(), n(), n(), n()}, {name(), n(), n(), n()}}, style) +
			StatusLine(Status{AcceptedPerSecond: float64(n()), Stored: n(), Lag: n(), Trouble: name()}, style) + "\n" +
			ProgressLine(Progress{random.Float64(), name(), time.Duration(n())}, style) + "\n" +
			Tail(Touch{Site: name(), Verdict: name(), Stage: name(), Rule: name(), Event: name(), Customer: name(), Channel: name()}, style)
		lines := strings.Split(escapes.ReplaceAllString(text, ""), "\n")
		if len(lines) != 6 {
			t.Fatalf("seed %d: %d lines: %q", seed, len(lines), lines)
		}
		for _, line := range lines {
			if w := uniseg.StringWidth(line); w > style.Width || strings.ContainsAny(line, "\x1b\u202e\r") {
				t.Fatalf("seed %d: %d columns of %d: %q", seed, w, style.Width, line)
			}
		}
	}
}

func TestScreenRedrawsInPlace(t *testing.T) {
	var out bytes.Buffer
	s := &Screen{out: &out, live: true, size: func() (int, int) { return 80, 4 }}
	for _, frame := range []string{"a\nb\n", "c\n", "1\n2\n3\n4\n5\n"} {
		if err := s.Draw(frame); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Write([]byte("log\n")); err != nil {
		t.Fatal(err)
	}
	want := "a\nb\n" + "\x1b[2A\r\x1b[Jc\n" + "\x1b[1A\r\x1b[J1\n2\n3\n" + "\x1b[3A\r\x1b[Jlog\n1\n2\n3\n"
	if out.String() != want {
		t.Fatalf("got %q\nwant %q", out.String(), want)
	}
}

func TestPlainOutputHasNoFrames(t *testing.T) {
	var out bytes.Buffer
	s := NewScreen(&out)
	if s.Live() || s.Style() != (Style{Width: 100}) {
		t.Fatalf("live %v, style %+v", s.Live(), s.Style())
	}
	if err := s.Draw("frame"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("log")); err != nil || out.String() != "log" {
		t.Fatalf("got %q, %v", out.String(), err)
	}
}

func BenchmarkTail(b *testing.B) {
	touch := Touch{At: time.Unix(0, 0), Site: "main", Verdict: "accepted", Stage: "intent", Rule: "cart", Event: "Product Added", Customer: "anna@example.com", Channel: "paid_search"}
	for b.Loop() {
		Tail(touch, Style{Width: 140, Colour: true})
	}
}
