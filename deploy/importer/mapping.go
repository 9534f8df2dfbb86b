package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"github.com/throughline/throughline/schemas/stages/yamlfile"
)

// Mapping says how one row becomes one touchpoint; see the package comment.
type Mapping struct {
	name      string
	digest    string
	csv       bool
	delimiter rune
	clock     clock
	skip      map[string][]string
	fields    []field
	tables    map[string]table
}

// document is the mapping file as written.
type document struct {
	Format     string           `yaml:"format"`
	Delimiter  string           `yaml:"delimiter"`
	Layouts    []string         `yaml:"timestamp_layouts"`
	Timezone   string           `yaml:"timezone"`
	SkipWhen   map[string]texts `yaml:"skip_when"`
	Touchpoint fields           `yaml:"touchpoint"`
	Values     map[string]table `yaml:"values"`
}

// LoadMapping reads a mapping file.
func LoadMapping(path string) (*Mapping, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the mapping file: %w", err)
	}
	return ParseMapping(filepath.Base(path), text)
}

// ParseMapping reads the text of a mapping file; name begins every error.
func ParseMapping(name string, text []byte) (*Mapping, error) {
	var doc document
	file, err := yamlfile.Decode(name, text, &doc)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(text)
	m := &Mapping{name: name, digest: hex.EncodeToString(digest[:]), fields: doc.Touchpoint, tables: doc.Values, skip: map[string][]string{}}
	for column, values := range doc.SkipWhen {
		m.skip[column] = values
	}
	if err := m.readFormat(doc); err != nil {
		return nil, file.Errorf("$.format", "%w", err)
	}
	if m.clock, err = newClock(doc.Layouts, doc.Timezone); err != nil {
		return nil, file.Errorf("$.timezone", "%w", err)
	}
	if err := m.checkFields(); err != nil {
		return nil, file.Errorf("$.touchpoint", "%w", err)
	}
	if err := m.checkTables(file); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Mapping) readFormat(doc document) error {
	switch doc.Format {
	case "csv":
		m.csv = true
	case "ndjson":
		if doc.Delimiter != "" {
			return errors.New("delimiter is for csv files only")
		}
	default:
		return fmt.Errorf("format is %q: use csv or ndjson", doc.Format)
	}
	m.delimiter = ','
	if doc.Delimiter == "" {
		return nil
	}
	r, size := utf8.DecodeRuneInString(doc.Delimiter)
	if size != len(doc.Delimiter) || r == '"' || r == '\n' || r == '\r' || r == utf8.RuneError {
		return fmt.Errorf("delimiter is %q: use one character", doc.Delimiter)
	}
	m.delimiter = r
	return nil
}

// checkFields sees that the collector could accept what the mapping makes.
func (m *Mapping) checkFields() error {
	has := map[string]bool{}
	for _, f := range m.fields {
		has[f.name] = true
	}
	switch {
	case len(m.fields) == 0:
		return errors.New("touchpoint is missing: it says which column gives which field")
	case !has["timestamp"]:
		return errors.New("touchpoint has no timestamp: imported touchpoints need the time when they occurred")
	case !has["user_id"] && !has["anonymous_id"]:
		return errors.New("touchpoint has neither user_id nor anonymous_id: one of them has to name the customer")
	case !has["event"] && !has["type"]:
		return errors.New("touchpoint has neither event nor type")
	}
	return nil
}

func (m *Mapping) checkTables(file *yamlfile.File) error {
	for name, entries := range m.tables {
		at := "$.values." + name
		i := indexField(m.fields, name)
		if i < 0 {
			return file.Errorf(at, "values has a table for %s, but touchpoint has no such field to look up", name)
		}
		for from, to := range entries {
			if err := checkLiteral(m.fields[i].name, to); err != nil {
				return file.Errorf(at, "values.%s: %s gives %w", name, from, err)
			}
		}
	}
	return nil
}

// columns lists the columns that the mapping reads, each once, in order of use.
func (m *Mapping) columns() []string {
	var names []string
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, f := range m.fields {
		for _, p := range f.parts {
			if p.column != "" {
				add(p.column)
			}
		}
	}
	for column := range m.skip {
		add(column)
	}
	return names
}

// clock reads timestamps by the layouts of a mapping.
type clock struct {
	layouts []string
	zone    *time.Location
}

func newClock(layouts []string, zone string) (clock, error) {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return clock{}, fmt.Errorf("timezone %q: use a name such as UTC or Europe/Berlin: %w", zone, err)
	}
	if len(layouts) == 0 {
		layouts = []string{time.RFC3339Nano}
	}
	return clock{layouts, location}, nil
}
