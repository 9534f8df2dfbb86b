package importer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/stages/yamlfile"
)

// kind is the JSON type that a field is sent as.
type kind uint8

const (
	// native is a string, unless the row had another JSON type.
	native kind = iota
	text
	timestamp
	boolean
	number
	object
	anyJSON
)

// topLevel are the fields of a native event that a mapping may fill.
var topLevel = map[string]kind{
	"message_id": text, "type": text, "event": text, "user_id": text, "anonymous_id": text, "channel": text, "stage": text,
	"timestamp": timestamp, "sent_at": timestamp, "passive": boolean, "properties": object, "context": object,
}

// suffixes are what may follow a column's name in a template.
var suffixes = map[string]kind{"number": number, "bool": boolean, "json": anyJSON}

// field is one line of the mapping: a dotted name and what fills it.
type field struct {
	name  string
	kind  kind
	parts []part
	// constant is the JSON of a value that is not a template: passive: false.
	constant string
}

// part is a piece of a template: a column, or text when column is empty.
type part struct {
	column string
	text   string
	kind   kind
}

type fields []field

// UnmarshalYAML reads the fields in the order they are written.
func (fs *fields) UnmarshalYAML(node ast.Node) error {
	entries, err := pairs(node)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		f, err := readField(entry.Key.GetToken().Value, entry.Value)
		if err == nil {
			err = fs.admit(f)
		}
		if err != nil {
			return yamlfile.Error(entry.Key, err)
		}
	}
	return nil
}

// admit adds a field unless it overlaps one that is there: properties and properties.revenue.
func (fs *fields) admit(f field) error {
	for _, other := range *fs {
		if strings.HasPrefix(f.name, other.name+".") || strings.HasPrefix(other.name, f.name+".") {
			return fmt.Errorf("%s and %s cannot both be given", other.name, f.name)
		}
	}
	*fs = append(*fs, f)
	return nil
}

func readField(name string, node ast.Node) (field, error) {
	f := field{name: name}
	group, rest, nested := strings.Cut(name, ".")
	top, known := topLevel[group]
	switch {
	case !known:
		return f, fmt.Errorf("%q is not a field of a touchpoint: use %s, context.… or properties.…", name, strings.Join(fieldNames(), ", "))
	case nested && top != object:
		return f, fmt.Errorf("%s has no parts: only context.… and properties.… have", group)
	case nested && slices.Contains(strings.Split(rest, "."), ""):
		return f, fmt.Errorf("%q has an empty part", name)
	case !nested:
		f.kind = top
	}
	scalar, ok := node.(ast.ScalarNode)
	if !ok {
		return f, fmt.Errorf("%s: want a template such as \"{column}\"", name)
	}
	value := node.GetToken().Value
	switch scalar.(type) {
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		f.constant = value
		return f, checkConstant(f, scalar)
	}
	return f, f.compile(value)
}

// checkConstant refuses passive: 1 and event: true.
func checkConstant(f field, node ast.ScalarNode) error {
	_, isBool := node.(*ast.BoolNode)
	if f.kind == native || (f.kind == boolean && isBool) {
		return nil
	}
	return fmt.Errorf("%s: %s does not fit: put text into quotes", f.name, node.GetToken().Value)
}

// compile reads the template of a field and sees that it fits the field's type.
func (f *field) compile(template string) error {
	parts, err := split(template)
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	f.parts = parts
	if len(parts) != 1 {
		for _, p := range parts {
			if p.kind != native {
				return fmt.Errorf("%s: a :%s column has to stand alone", f.name, p.text)
			}
		}
		return nil
	}
	if only := parts[0]; only.column == "" {
		return checkLiteral(f.name, only.text)
	} else if only.kind != native && f.kind == native {
		f.kind = only.kind
	} else if only.kind != native {
		return fmt.Errorf("%s: its type is fixed: leave out :%s", f.name, only.text)
	}
	return nil
}

// checkLiteral refuses what the field can never hold.
func checkLiteral(name, value string) error {
	switch {
	case value == "":
		return nil
	case name == "stage":
		_, err := stages.ParseStage(value)
		return err
	case name == "passive" && value != "true" && value != "false":
		return fmt.Errorf("%q: use true or false", value)
	case topLevel[name] == object:
		return fmt.Errorf("%q: want a column with a JSON object", value)
	}
	return nil
}

// split cuts a template into text and columns.
func split(template string) ([]part, error) {
	var parts []part
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			parts = append(parts, part{text: plain.String()})
			plain.Reset()
		}
	}
	for rest := template; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			plain.WriteByte(rest[0])
			rest = rest[2:]
		case rest[0] == '}':
			return nil, errors.New("a } without its {: write }} for the sign itself")
		case rest[0] == '{':
			inside, after, closed := strings.Cut(rest[1:], "}")
			if !closed || inside == "" {
				return nil, errors.New("a { without column name and }: write {{ for the sign itself")
			}
			flush()
			parts = append(parts, column(inside))
			rest = after
		default:
			plain.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	flush()
	return parts, nil
}

// column reads name or name:number; the suffix stays in text for errors.
func column(inside string) part {
	if cut := strings.LastIndexByte(inside, ':'); cut > 0 {
		if k, known := suffixes[inside[cut+1:]]; known {
			return part{column: inside[:cut], kind: k, text: inside[cut+1:]}
		}
	}
	return part{column: inside}
}

func fieldNames() []string {
	var names []string
	for name, k := range topLevel {
		if k != object {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func indexField(fs []field, name string) int {
	return slices.IndexFunc(fs, func(f field) bool { return f.name == name })
}
