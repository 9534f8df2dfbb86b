package stages

import (
	"fmt"
	"slices"
	"strings"

	"github.com/throughline/throughline/schemas/stages/yamlfile"
)

// document is a rules file.
type document struct {
	Version string      `yaml:"version"`
	Date    string      `yaml:"date"`
	Extends string      `yaml:"extends"`
	Rules   []ruleEntry `yaml:"rules"`
}

type ruleEntry struct {
	ID    string `yaml:"id"`
	Stage string `yaml:"stage"`
	When  when   `yaml:"when"`
}

type when struct {
	Event    *words            `yaml:"event"`
	Type     *words            `yaml:"type"`
	Channel  *words            `yaml:"channel"`
	Path     *words            `yaml:"path"`
	Property map[string]*words `yaml:"property"`
}

// words is a list of scalars, or one alone.
type words []string

// UnmarshalYAML tries the list first, so that an error is about the scalar.
func (w *words) UnmarshalYAML(decode func(any) error) error {
	if decode((*[]string)(w)) == nil {
		return nil
	}
	var one string
	if err := decode(&one); err != nil {
		return err
	}
	*w = words{one}
	return nil
}

// compilation turns entries into rules and collects what is wrong.
type compilation struct {
	file *yamlfile.File
	ids  map[string]bool
	errs []error
}

func (c *compilation) fail(path, format string, args ...any) {
	c.errs = append(c.errs, c.file.Errorf(path, format, args...))
}

func (c *compilation) rule(i int, e *ruleEntry) rule {
	r := ruleCompilation{c, fmt.Sprintf("$.rules[%d]", i), fmt.Sprintf("rule %q", e.ID)}
	switch {
	case e.ID == "":
		r.name = fmt.Sprintf("rule number %d", i+1)
		r.fail("id", "missing")
	case !idForm.MatchString(e.ID):
		r.fail("id", "use lower-case letters, digits and - _ . , at most 63")
	case c.ids[e.ID]:
		r.fail("id", "another rule has this id")
	}
	c.ids[e.ID] = true
	out := rule{id: e.ID, stage: r.stage(e.Stage)}
	r.conditions(&e.When, &out)
	return out
}

type ruleCompilation struct {
	*compilation
	path, name string
}

func (r *ruleCompilation) fail(field, format string, args ...any) {
	r.compilation.fail(r.path+"."+field, "%s: %s: %w", r.name, field, fmt.Errorf(format, args...))
}

// stage also takes "none": such a rule keeps later rules from giving the touchpoint a stage.
func (r *ruleCompilation) stage(word string) Stage {
	if word == "none" {
		return None
	}
	s, err := ParseStage(word)
	if err != nil {
		r.fail("stage", "%w, or none", err)
	}
	return s
}

func (r *ruleCompilation) conditions(w *when, out *rule) {
	if w.Event == nil && w.Type == nil && w.Channel == nil && w.Path == nil && len(w.Property) == 0 {
		r.fail("when", "without a condition the rule would take every touchpoint")
	}
	for _, event := range r.list("event", w.Event) {
		if folded := strings.ToLower(event); !slices.Contains(out.events, folded) {
			out.events = append(out.events, folded)
		}
	}
	for _, t := range r.list("type", w.Type) {
		mask := typeMask(t)
		if mask == 0 {
			r.fail("when.type", "%q is not one of %s", t, strings.Join(typeNames, ", "))
		}
		out.types |= mask
	}
	out.channels = r.list("channel", w.Channel)
	for _, pattern := range r.list("path", w.Path) {
		g, err := parseGlob(pattern)
		if err != nil {
			r.fail("when.path", "%w", err)
		}
		out.paths = append(out.paths, g)
	}
	r.properties(w, out)
}

// list gives the words of a condition, each once, nil when there is no such condition.
func (r *ruleCompilation) list(field string, w *words) []string {
	if w == nil {
		return nil
	}
	if len(*w) == 0 {
		r.fail("when."+field, "an empty list never holds")
	}
	var list []string
	for _, word := range *w {
		if word == "" {
			r.fail("when."+field, "an empty text never holds")
		}
		if !slices.Contains(list, word) {
			list = append(list, word)
		}
	}
	return list
}

// properties are tried in the order of their names, so that explanations do not vary.
func (r *ruleCompilation) properties(w *when, out *rule) {
	names := make([]string, 0, len(w.Property))
	for name := range w.Property {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if name == "" || slices.Contains(strings.Split(name, "."), "") {
			r.fail("when.property", "%q is not a name, or names joined by dots", name)
		}
		if w.Property[name] == nil {
			r.fail("when.property", "%s has no value", name)
		}
		out.properties = append(out.properties, newProperty(name, r.list("property", w.Property[name])))
	}
}
