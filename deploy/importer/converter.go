package importer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// node is an object or a value of the event under construction.
type node struct {
	// name as it is written: "page":
	name     []byte
	children []*node
	value    *value
}

// value is a field with its columns resolved to indexes.
type value struct {
	name     string
	kind     kind
	parts    []piece
	constant []byte
	table    table
	other    string
}

// piece is a column's index, or text when the index is -1.
type piece struct {
	column int
	text   string
}

// skipRule leaves out rows whose column has one of the values.
type skipRule struct {
	column int
	values []string
}

// converter turns rows into native events. Not safe for concurrent use.
type converter struct {
	clock   clock
	id      *value
	root    []*node
	skips   []skipRule
	passive bool
	scratch []byte
}

// newConverter resolves the mapping against the columns that the file has, by index.
func newConverter(m *Mapping, columns []string) (*converter, error) {
	index := make(map[string]int, len(columns))
	for i, name := range columns {
		index[name] = i
	}
	c := &converter{clock: m.clock, passive: indexField(m.fields, "passive") < 0}
	for _, f := range m.fields {
		v, err := m.resolve(f, index, columns)
		if err != nil {
			return nil, err
		}
		if f.name == "message_id" {
			c.id = v
			continue
		}
		c.root = insert(c.root, strings.Split(f.name, "."), v)
	}
	for name, values := range m.skip {
		at, ok := index[name]
		if !ok {
			return nil, m.missing("skip_when", name, columns)
		}
		c.skips = append(c.skips, skipRule{at, values})
	}
	return c, nil
}

func (m *Mapping) resolve(f field, index map[string]int, columns []string) (*value, error) {
	v := &value{name: f.name, kind: f.kind, table: m.tables[f.name]}
	v.other = v.table["*"]
	if f.constant != "" {
		v.constant = []byte(f.constant)
	}
	for _, p := range f.parts {
		at := -1
		if p.column != "" {
			i, ok := index[p.column]
			if !ok {
				return nil, m.missing("touchpoint."+f.name, p.column, columns)
			}
			at = i
		}
		v.parts = append(v.parts, piece{at, p.text})
	}
	return v, nil
}

func (m *Mapping) missing(where, column string, columns []string) error {
	return fmt.Errorf("%s: %s names the column %q, which the file has not; its columns are %s",
		m.name, where, column, strings.Join(columns, ", "))
}

// insert puts a value at its place in the tree, beside what begins with the same names.
func insert(level []*node, path []string, v *value) []*node {
	quoted, err := jsontext.AppendQuote(nil, path[0])
	name := append(quoted, ':')
	if err != nil || len(path) == 1 {
		return append(level, &node{name: name, value: v})
	}
	at := slices.IndexFunc(level, func(n *node) bool { return string(n.name) == string(name) })
	if at < 0 {
		at, level = len(level), append(level, &node{name: name})
	}
	level[at].children = insert(level[at].children, path[1:], v)
	return level
}

// skipped tells whether the mapping leaves the row out.
func (c *converter) skipped(r *row) bool {
	for _, rule := range c.skips {
		if slices.Contains(rule.values, r.values[rule.column]) {
			return true
		}
	}
	return false
}

// convert appends the row's event. On a problem dst comes back as it was.
func (c *converter) convert(dst []byte, r *row) ([]byte, *Problem) {
	start := len(dst)
	dst = append(dst, `{"message_id":"`...)
	dst, problem := c.messageID(dst, r)
	if problem == nil {
		if c.passive {
			dst = append(dst, `,"passive":true`...)
		}
		dst, problem = c.members(dst, c.root, r)
	}
	if problem != nil {
		problem.Row = r.number
		return dst[:start], problem
	}
	return append(dst, '}'), nil
}

// messageID appends the id and its closing quote: the template's, or the row's own where that is empty.
func (c *converter) messageID(dst []byte, r *row) ([]byte, *Problem) {
	if c.id != nil {
		id, _ := c.text(c.id, r)
		if c.id.table != nil {
			id = c.id.lookup(id)
		}
		if id != "" {
			// The quote that is there already begins the text.
			return appendText(dst[:len(dst)-1], c.id, id)
		}
	}
	dst, c.scratch = r.identity(dst, c.scratch)
	return append(dst, '"'), nil
}

// members appends ,"name":value for each value that the row has.
func (c *converter) members(dst []byte, level []*node, r *row) ([]byte, *Problem) {
	for _, n := range level {
		before := len(dst)
		dst = append(append(dst, ','), n.name...)
		start := len(dst)
		var problem *Problem
		if n.value != nil {
			dst, problem = c.value(dst, n.value, r)
		} else {
			dst, problem = c.members(dst, n.children, r)
			if len(dst) > start {
				dst[start] = '{' // in place of the first member's comma
				dst = append(dst, '}')
			}
		}
		if problem != nil {
			return dst, problem
		}
		if len(dst) == start {
			dst = dst[:before]
		}
	}
	return dst, nil
}
