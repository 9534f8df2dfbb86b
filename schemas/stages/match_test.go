package stages

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// pick gives one of the words.
func pick(r *rand.Rand, words []string) string { return words[r.IntN(len(words))] }

// some gives one to three of the words, in YAML's flow form.
func some(r *rand.Rand, words []string) string {
	var list []string
	for range 1 + r.IntN(3) {
		list = append(list, fmt.Sprintf("%q", pick(r, words)))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

var (
	someEvents   = []string{"Order Completed", "order completed", "Cart Viewed", "Größe Gewählt", "GRÖßE GEWÄHLT", "x", strings.Repeat("Long ", 20)}
	someTypes    = []string{"track", "page", "screen", "identify", "group", "alias"}
	someChannels = []string{"email", "direct", "Paid Search"}
	someGlobs    = []string{"/", "/**", "/a", "/A/*", "/a/**", "/**/b", "/**/b/**", "/*/b/*", "/a*", "/**/*b*/**", "/a/**/b/**/a", "/*"}
	somePaths    = []string{"", "/", "/a", "/a/", "/A/b", "//a//b", "/b", "/c/b/d", "/ab", "/a/x/b/y/a", "/a?b=/b", "a/b", "/ä/b", "/" + strings.Repeat("x", 99) + "/b"}
	someBodies   = []string{"", "{}", `{"plan":"Gold"}`, `{"plan":{"tier":"gold"}}`, `{"plan":7.0}`, `{"plan":null,"n":true}`, `{"plan":["gold"]}`}
)

// generate writes a rules file.
func generate(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString("version: 1\ndate: 2026-01-02\nrules:\n")
	for i := range 1 + r.IntN(12) {
		fmt.Fprintf(&b, "  - id: r%d\n    stage: %s\n    when:\n", i, pick(r, []string{"awareness", "intent", "loyalty", "none"}))
		kinds := r.IntN(32)
		if kinds == 0 {
			kinds = 1
		}
		for bit, line := range []string{
			"event: " + some(r, someEvents), "type: " + some(r, someTypes), "channel: " + some(r, someChannels), "path: " + some(r, someGlobs),
			"property: {" + pick(r, []string{"plan", "plan.tier", "n"}) + ": " + some(r, []string{"gold", "7", "true"}) + "}",
		} {
			if kinds&(1<<bit) != 0 {
				b.WriteString("      " + line + "\n")
			}
		}
	}
	return b.String()
}

// TestMatchEqualsFirstMatchLoop compares the indexed match, and the explanation, with a loop over the rules as written.
func TestMatchEqualsFirstMatchLoop(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 150 {
		text := generate(r)
		rules, err := Load([]byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		naive := loadNaive(t, text)
		for range 100 {
			in := Input{pick(r, someEvents), pick(r, append(someTypes, "odd")), pick(r, append(someChannels, "", "EMAIL")), pick(r, somePaths), []byte(pick(r, someBodies))}
			stage, id := rules.Match(in)
			wantStage, wantID := naive.match(in)
			if stage != wantStage || id != wantID {
				t.Fatalf("seed %d: %+v (%s) gives %v by %q, want %v by %q\n%s", seed, in, in.Properties, stage, id, wantStage, wantID, text)
			}
			checkExplained(t, rules, in, id)
		}
	}
}

func checkExplained(t *testing.T, rules *Rules, in Input, id string) {
	t.Helper()
	steps := rules.Explain(in)
	for i, s := range steps {
		if s.Matched != (s.Rule == id) || s.Matched != (s.Condition == "") || s.Reason == "" || (s.Matched && i != len(steps)-1) {
			t.Fatalf("%+v matches %q, but step %d is %+v", in, id, i, s)
		}
	}
	if id == "" && len(steps) != rules.Len() {
		t.Fatalf("nothing matches, but %d of %d rules are explained", len(steps), rules.Len())
	}
}

// naiveRules is the file as it is, matched with regular expressions and encoding/json.
type naiveRules []ruleEntry

func loadNaive(t *testing.T, text string) naiveRules {
	t.Helper()
	var doc document
	decode(t, text, &doc)
	return doc.Rules
}

func (n naiveRules) match(in Input) (Stage, string) {
	for _, e := range n {
		w := e.When
		if naiveHas(w.Event, in.Event) && naiveHas(w.Type, in.Type) && naiveHas(w.Channel, in.Channel) && naivePath(w.Path, in.Path) && naiveProperties(w.Property, in.Properties) {
			stage, err := ParseStage(e.Stage)
			if err != nil {
				stage = None
			}
			return stage, e.ID
		}
	}
	return None, ""
}

func naiveHas(list *words, got string) bool {
	return list == nil || slices.ContainsFunc(*list, func(w string) bool { return strings.EqualFold(w, got) })
}

var slashes = regexp.MustCompile(`/+`)

// naivePath turns a pattern into an expression over "/a/b/", where each segment ends with a slash.
func naivePath(list *words, path string) bool {
	if list == nil {
		return true
	}
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	if path == "" {
		return false
	}
	path = slashes.ReplaceAllString("/"+path+"/", "/")
	return slices.ContainsFunc(*list, func(pattern string) bool {
		expr := "(?i)^/"
		for seg := range strings.SplitSeq(pattern, "/") {
			switch seg {
			case "":
			case "**":
				expr += "([^/]+/)*"
			default:
				expr += strings.ReplaceAll(regexp.QuoteMeta(seg), `\*`, "[^/]*") + "/"
			}
		}
		return regexp.MustCompile(expr + "$").MatchString(path)
	})
}

func naiveProperties(wanted map[string]*words, body []byte) bool {
	for name, values := range wanted {
		var at any
		_ = json.Unmarshal(body, &at) // no properties are an object without any
		for part := range strings.SplitSeq(name, ".") {
			object, _ := at.(map[string]any)
			at = object[part]
		}
		switch at.(type) {
		case nil, map[string]any, []any:
			return false
		}
		if !naiveHas(values, fmt.Sprint(at)) {
			return false
		}
	}
	return true
}

// FuzzMatch: whatever a touchpoint holds, matching neither panics nor differs from the explanation.
func FuzzMatch(f *testing.F) {
	rules, err := Load([]byte("extends: builtin\n" + head + "  - {id: p, stage: intent, when: {property: {a.b: [x, 1], c: true}}}\n"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Order Completed", "track", "direct", "/a/b", []byte(`{"a":{"b":"X"},"c":true}`))
	f.Add("\xff", "page", "", "//\xff/**?", []byte(`{"a":{"b":1.0},"c":tru`))
	f.Fuzz(func(t *testing.T, event, kind, channel, path string, properties []byte) {
		in := Input{event, kind, channel, path, properties}
		_, id := rules.Match(in)
		checkExplained(t, rules, in, id)
	})
}
