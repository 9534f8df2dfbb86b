package stages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/schemas/stages/yamlfile"
)

// decode reads YAML or ends the test.
func decode(t *testing.T, text string, into any) {
	t.Helper()
	if _, err := yamlfile.Decode("test", []byte(text), into); err != nil {
		t.Fatal(err)
	}
}

const head = "version: 7\ndate: 2026-01-02\nrules:\n"

func TestLoadErrors(t *testing.T) {
	rule := func(rest string) string { return head + "  - id: a\n    stage: intent\n    when: " + rest + "\n" }
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "version"},
		{"no rules", "version: 1\ndate: 2026-01-02\n", "rules: at least one"},
		{"no version", "date: 2026-01-02\nrules: [{id: a, stage: intent, when: {event: x}}]", "version:"},
		{"plus in version", "version: 1+2\ndate: 2026-01-02\nrules: [{id: a, stage: intent, when: {event: x}}]", "line 1: version:"},
		{"no date", "version: 1\nrules: [{id: a, stage: intent, when: {event: x}}]", "date:"},
		{"bad date", "version: 1\ndate: tomorrow\nrules: [{id: a, stage: intent, when: {event: x}}]", `line 2: date: "tomorrow"`},
		{"extends", "extends: other\n" + rule("{event: x}"), `line 1: extends: "other"`},
		{"unknown key", rule("{events: x}"), `line 6: unknown field "events"`},
		{"unknown rule key", rule("{event: x}") + "    then: 1\n", `line 7: unknown field "then"`},
		{"no id", head + "  - {stage: intent, when: {event: x}}\n", "line 4: rule number 1: id: missing"},
		{"bad id", head + "  - {id: A b, stage: intent, when: {event: x}}\n", "id: use lower-case"},
		{"same id", rule("{event: x}") + "  - {id: a, stage: intent, when: {event: y}}\n", `line 7: rule "a": id: another rule`},
		{"stage", head + "  - {id: a, stage: buying, when: {event: x}}\n", `line 4: rule "a": stage: unknown stage "buying"`},
		{"no stage", head + "  - {id: a, when: {event: x}}\n", `rule "a": stage`},
		{"no when", head + "  - {id: a, stage: intent}\n", "without a condition"},
		{"empty when", rule("{}"), "without a condition"},
		{"empty list", rule("{event: []}"), "when.event: an empty list"},
		{"empty text", rule("{channel: ['']}"), "when.channel: an empty text"},
		{"type", rule("{type: click}"), `line 6: rule "a": when.type: "click" is not one of track, page`},
		{"relative path", rule("{path: pricing}"), "when.path: path \"pricing\" does not begin with /"},
		{"query", rule("{path: '/a?b'}"), "query"},
		{"stars", rule("{path: /a**}"), "whole segments"},
		{"event object", rule("{event: {a: b}}"), "line 6"},
		{"property name", rule("{property: {a..b: 1}}"), "when.property"},
		{"property without value", rule("{property: {a: }}"), "has no value"},
		{"property empty", rule("{property: {a: []}}"), "an empty list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load([]byte(c.text))
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAllErrorsAreListed(t *testing.T) {
	_, err := Load([]byte(head + "  - {id: a, stage: x, when: {type: y}}\n  - {id: b, stage: intent, when: {path: z}}\n"))
	for _, want := range []string{`"x"`, `"y"`, `"z"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

func TestExtends(t *testing.T) {
	r, err := Load([]byte("extends: builtin\n" + head + `
  - {id: gold-order, stage: loyalty, when: {event: Order Completed, property: {tier: gold}}}
  - {id: thank-you-page, stage: purchase, when: {type: page, path: /bye}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if want := "7+builtin-" + Builtin().Version(); r.Version() != want {
		t.Errorf("version %q, want %q", r.Version(), want)
	}
	if !r.Date().Equal(Builtin().Date()) {
		t.Errorf("date %v is not the later one", r.Date())
	}
	if r.Len() != Builtin().Len()+1 {
		t.Errorf("%d rules beside %d built-in ones: one is new, one replaces", r.Len(), Builtin().Len())
	}
	for _, c := range []struct {
		in    Input
		stage Stage
		id    string
	}{
		{Input{Event: "Order Completed", Type: "track", Properties: []byte(`{"tier":"Gold"}`)}, Loyalty, "gold-order"},
		{Input{Event: "Order Completed", Type: "track", Properties: []byte(`{"tier":"tin"}`)}, Purchase, "order-completed"},
		{Input{Event: "Page Viewed", Type: "page", Path: "/bye/"}, Purchase, "thank-you-page"},
		{Input{Event: "Page Viewed", Type: "page", Path: "/thank-you"}, Awareness, "page-viewed"},
	} {
		if stage, id := r.Match(c.in); stage != c.stage || id != c.id {
			t.Errorf("%+v: %v by %q, want %v by %q", c.in, stage, id, c.stage, c.id)
		}
	}
	if stage, id := Builtin().Match(Input{Event: "Page Viewed", Type: "page", Path: "/thank-you"}); stage != None || id != "thank-you-page" {
		t.Errorf("extending changed the built-in rules: %v by %q", stage, id)
	}
}

func TestDateOfOwnRules(t *testing.T) {
	r, err := Load([]byte("extends: builtin\nversion: a.b\ndate: 2099-01-02T03:04:05+01:00\nrules: [{id: a, stage: none, when: {event: x}}]"))
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2099, 1, 2, 2, 4, 5, 0, time.UTC); !r.Date().Equal(want) {
		t.Errorf("date %v, want %v", r.Date(), want)
	}
	if stage, id := r.Match(Input{Event: "X"}); stage != None || id != "a" {
		t.Errorf("none rule gives %v by %q", stage, id)
	}
}

func TestLoadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if _, err := LoadFile(path); err == nil {
		t.Error("a missing file gives no error")
	}
	if err := os.WriteFile(path, builtin, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := LoadFile(path); err != nil || r.Version() != Builtin().Version() {
		t.Errorf("%v, %v", r, err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadFile(path); err == nil || !strings.HasPrefix(err.Error(), path) {
		t.Errorf("error %v does not name the file", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(head + "  - {id: a, stage: intent, when: {event: [x, y], type: page, path: /a/**, property: {p.q: 1}}}\n"))
	f.Add([]byte("extends: builtin\n" + head + "  - {id: a, stage: none, when: {channel: email}}\n"))
	f.Add([]byte(head + "  - &r {id: a, stage: none, when: {event: &e [a, b]}}\n  - {id: b, stage: intent, when: {event: *e}}\n"))
	f.Add([]byte("rules: !00\n00\n  0\n A: 0\n:"))
	inputs := []Input{{}, {Event: "x", Type: "page", Path: "/a/b", Properties: []byte(`{"p":{"q":1}}`)}, {Channel: "email", Type: "track"}}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Load(text)
		if err != nil {
			return
		}
		for _, in := range inputs {
			_, id := r.Match(in)
			checkExplained(t, r, in, id)
		}
	})
}

func TestDigestTellsRulesApart(t *testing.T) {
	text := func(extends, stage string) *Rules {
		r, err := Load([]byte(extends + "version: \"1\"\ndate: 2026-11-01\nrules:\n  - id: a\n    stage: " + stage + "\n    when: {event: A}\n"))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	seen := map[string]bool{Builtin().Digest(): true}
	for _, r := range []*Rules{text("", "intent"), text("", "purchase"), text("extends: builtin\n", "intent"), text("extends: builtin\n", "purchase")} {
		if seen[r.Digest()] {
			t.Errorf("two rule sets have the digest %s", r.Digest())
		}
		seen[r.Digest()] = true
	}
	if a, b := text("", "intent"), text("", "intent"); a.Digest() != b.Digest() {
		t.Error("one text has two digests")
	}
}
