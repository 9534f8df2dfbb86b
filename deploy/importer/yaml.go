package importer

import (
	"errors"

	"github.com/goccy/go-yaml/ast"

	"github.com/throughline/throughline/schemas/stages/yamlfile"
)

// table is a lookup table: what a template gave -> what is sent. The entry "*" is for all that is not listed.
type table map[string]string

// UnmarshalYAML takes keys and values as they are written: 1, true and "1" are text here.
func (t *table) UnmarshalYAML(node ast.Node) error {
	entries, err := pairs(node)
	if err != nil {
		return err
	}
	*t = table{}
	for _, entry := range entries {
		value, err := word(entry.Value)
		if err != nil {
			return err
		}
		(*t)[entry.Key.GetToken().Value] = value
	}
	return nil
}

// texts is one value or a list of values.
type texts []string

// UnmarshalYAML reads a scalar or a sequence of scalars.
func (t *texts) UnmarshalYAML(node ast.Node) error {
	nodes := []ast.Node{node}
	if list, ok := node.(*ast.SequenceNode); ok {
		nodes = list.Values
	}
	for _, one := range nodes {
		value, err := word(one)
		if err != nil {
			return err
		}
		*t = append(*t, value)
	}
	return nil
}

func word(node ast.Node) (string, error) {
	if _, ok := node.(ast.ScalarNode); !ok {
		return "", yamlfile.Error(node, errors.New("want a single value"))
	}
	return node.GetToken().Value, nil
}

// pairs gives the entries of a mapping, which the parser hands over in two forms.
func pairs(node ast.Node) ([]*ast.MappingValueNode, error) {
	switch m := node.(type) {
	case *ast.MappingNode:
		return m.Values, nil
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}, nil
	}
	return nil, yamlfile.Error(node, errors.New("want lines of the form \"name: value\""))
}
