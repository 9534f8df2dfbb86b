package stages

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/builtin.golden")

// TestBuiltinGolden pins stage and rule of names that users send. The file's lines are "type | event | path | channel ->
// stage by rule"; with -update everything behind the arrow is written anew, so that add a line and update is all there is to do.
func TestBuiltinGolden(t *testing.T) {
	path := filepath.Join("testdata", "builtin.golden")
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for line := range strings.Lines(string(golden)) {
		line = strings.TrimSpace(line)
		input, _, _ := strings.Cut(line, "->")
		if input = strings.TrimSpace(input); input == "" || strings.HasPrefix(input, "#") {
			fmt.Fprintln(&got, line)
			continue
		}
		stage, id := Builtin().Match(goldenInput(t, input))
		fmt.Fprintf(&got, "%s -> %s\n", input, verdict(stage, id))
	}
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := strings.Split(string(golden), "\n")
	for i, line := range strings.Split(got.String(), "\n") {
		if line != want[i] {
			t.Errorf("line %d:\ngot  %s\nwant %s", i+1, line, want[i])
		}
	}
}

func goldenInput(t *testing.T, line string) Input {
	t.Helper()
	fields := strings.Split(line, "|")
	if len(fields) > 4 {
		t.Fatalf("%q has more than type | event | path | channel", line)
	}
	for len(fields) < 4 {
		fields = append(fields, "")
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	return Input{Type: fields[0], Event: fields[1], Path: fields[2], Channel: fields[3]}
}

func verdict(stage Stage, id string) string {
	switch {
	case id == "":
		return "no rule"
	case stage == None:
		return "none by " + id
	}
	return stage.String() + " by " + id
}

// Every built-in rule must be able to decide something: each of its events, alone, has to reach it.
func TestBuiltinRulesAreReachable(t *testing.T) {
	r := Builtin()
	for _, rule := range r.rules {
		for _, event := range rule.events {
			in := Input{Event: event, Type: "track"}
			if words := rule.typeWords(); words != nil {
				in.Type = words[0]
			}
			if rule.channels != nil {
				in.Channel = rule.channels[0]
			}
			if _, id := r.Match(in); id != rule.id {
				t.Errorf("%s: the event %q goes to %q", rule.id, event, id)
			}
		}
		for _, g := range rule.paths {
			path := strings.ReplaceAll(strings.ReplaceAll(g.String(), "/**", ""), "*", "en")
			if _, id := r.Match(Input{Type: "page", Event: "Page Viewed", Path: path}); id != rule.id {
				t.Errorf("%s: the path %q goes to %q", rule.id, path, id)
			}
		}
	}
}

func TestBuiltinIsNotShared(t *testing.T) {
	text := BuiltinFile()
	if r, err := Load(text); err != nil || r.Len() != Builtin().Len() {
		t.Fatalf("%v, %v", r, err)
	}
	clear(text)
	if bytes.Equal(text, BuiltinFile()) {
		t.Error("the built-in text can be changed from outside")
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	r := Builtin()
	for _, in := range []Input{
		{Event: "ORDER completed", Type: "track", Properties: []byte(`{"revenue":1}`)},
		{Event: "Nothing Known", Type: "track", Path: "/en/shop"},
		{Event: "Page Viewed", Type: "page", Path: "/en/shop/a/b?c=d"},
	} {
		if n := testing.AllocsPerRun(100, func() { r.Match(in) }); n != 0 {
			t.Errorf("%+v: %v allocations", in, n)
		}
	}
}
