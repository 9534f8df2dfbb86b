// Package yamlfile takes the text of a configuration file and gives the value it decodes to, or an error with the line.
// Unknown and doubled keys are errors.
package yamlfile

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// File is a decoded file; it knows where its values stand.
type File struct {
	name string
	tree *ast.File
}

// Decode reads the only document of a file into a pointer. name is the kind of file and begins every error. Errors never
// quote the file, which may hold secrets.
func Decode(name string, text []byte, into any) (file *File, err error) {
	// The decoder panics on some malformed tags; a broken file must be an error whatever the library does.
	defer func() {
		if p := recover(); p != nil {
			file, err = nil, fmt.Errorf("%s: not readable as YAML (%v)", name, p)
		}
	}()
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, located(name, err)
	}
	if len(tree.Docs) > 1 {
		return nil, fmt.Errorf("%s: more than one YAML document", name)
	}
	if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict()); err != nil {
		return nil, located(name, err)
	}
	return &File{name, tree}, nil
}

// Error is what a value's own UnmarshalYAML returns for a bad value, so that its line is known.
func Error(node ast.Node, err error) error {
	return &yaml.SyntaxError{Message: err.Error(), Token: node.GetToken()}
}

func located(name string, err error) error {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil && at.GetToken().Position != nil {
		return fmt.Errorf("%s, line %d: %s", name, at.GetToken().Position.Line, at.GetMessage())
	}
	return fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, false))
}

// Errorf is an error about the value at a path such as "$.sites[0].id", or about its nearest parent that the file has.
func (f *File) Errorf(path, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	for ; path != ""; path = parent(path) {
		if line := f.line(path); line > 0 {
			return fmt.Errorf("%s, line %d: %w", f.name, line, err)
		}
	}
	return fmt.Errorf("%s: %w", f.name, err)
}

// line gives 0 when the file has no such value.
func (f *File) line(path string) int {
	p, err := yaml.PathString(path)
	if err != nil || f.tree == nil {
		return 0
	}
	node, err := p.FilterFile(f.tree)
	if err != nil || node == nil || node.GetToken() == nil {
		return 0
	}
	return node.GetToken().Position.Line
}

func parent(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '.' || path[i] == '[' {
			return path[:i]
		}
	}
	return ""
}
