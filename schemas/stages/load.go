package stages

import (
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/throughline/throughline/schemas/stages/yamlfile"
)

// Schema is the JSON Schema of a rules file, for editors.
//
//go:embed stages.schema.json
var Schema []byte

var (
	versionForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)
	idForm      = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,62}$`)
)

// LoadFile is Load of a file.
func LoadFile(path string) (*Rules, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the stage rules: %w", err)
	}
	r, err := Load(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Load reads a rules file. Every error says line, rule and condition; all that is wrong is said at once.
func Load(text []byte) (*Rules, error) {
	r, own, err := parse(text)
	if err != nil {
		return nil, err
	}
	if own != nil {
		r.extend(Builtin(), own)
	}
	r.index = newIndex(r.rules)
	return r, nil
}

// parse gives rules without an index; own has the ids of the rules, nil when the file does not extend the built-in ones.
func parse(text []byte) (r *Rules, own map[string]bool, err error) {
	var doc document
	file, err := yamlfile.Decode("stage rules", text, &doc)
	if err != nil {
		return nil, nil, err
	}
	c := compilation{file: file, ids: make(map[string]bool)}
	r = &Rules{version: doc.Version, date: c.date(doc.Date), digest: sha256.Sum256(text)}
	if !versionForm.MatchString(doc.Version) {
		c.fail("$.version", "version: write a short name of letters, digits and . _ - such as 2026-11")
	}
	if len(doc.Rules) == 0 {
		c.fail("$.rules", "rules: at least one is needed")
	}
	for i := range doc.Rules {
		r.rules = append(r.rules, c.rule(i, &doc.Rules[i]))
	}
	if doc.Extends != "" && doc.Extends != "builtin" {
		c.fail("$.extends", "extends: %q is not known, only builtin is", doc.Extends)
	}
	if err := errors.Join(c.errs...); err != nil {
		return nil, nil, err
	}
	if doc.Extends == "" {
		c.ids = nil
	}
	return r, c.ids, nil
}

// extend puts the rules of base behind those of r; a rule of r replaces the one of base with the same id.
func (r *Rules) extend(base *Rules, own map[string]bool) {
	for _, rule := range base.rules {
		if !own[rule.id] {
			r.rules = append(r.rules, rule)
		}
	}
	r.version += "+builtin-" + base.version
	r.digest = sha256.Sum256(append(r.digest[:], base.digest[:]...))
	if base.date.After(r.date) {
		r.date = base.date
	}
}

// date reads a day or an RFC 3339 time.
func (c *compilation) date(text string) time.Time {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 1970 {
			return t.UTC()
		}
	}
	c.fail("$.date", `date: %q is not a date such as 2026-11-22`, text)
	return time.Time{}
}
