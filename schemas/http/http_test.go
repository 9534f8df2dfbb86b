package http

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

type object = map[string]any

// document gives the OpenAPI document with the Go types of encoding/json.
func document(t *testing.T) object {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON(OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return doc.(object)
}

// at follows a path of keys.
func at(t *testing.T, in any, path ...string) any {
	t.Helper()
	for _, key := range path {
		next, ok := in.(object)[key]
		if !ok {
			t.Fatalf("no %s in %v", key, slices.Sorted(maps.Keys(in.(object))))
		}
		in = next
	}
	return in
}

func compile(t *testing.T, doc any, pointer string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("contract.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("contract.json" + pointer)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func touchpoint(t *testing.T) (doc object, schema *jsonschema.Schema) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(Touchpoint))
	if err != nil {
		t.Fatal(err)
	}
	return value.(object), compile(t, value, "")
}

func TestTouchpointExamples(t *testing.T) {
	doc, schema := touchpoint(t)
	examples := doc["examples"].([]any)
	if len(examples) < 5 {
		t.Errorf("%d examples", len(examples))
	}
	for _, example := range examples {
		if err := schema.Validate(example); err != nil {
			t.Errorf("%v: %v", example, err)
		}
	}
}

func TestTouchpointRefuses(t *testing.T) {
	_, schema := touchpoint(t)
	for _, raw := range []string{
		`[]`, `{}`, `{"event":"E"}`, `{"user_id":"u"}`, `{"event":" ","user_id":"u"}`, `{"event":"E","user_id":""}`, `{"type":"track","user_id":"u"}`,
		`{"event":"E","user_id":"u","userId":"u"}`, `{"event":"E","user_id":7}`, `{"type":"click","event":"E","user_id":"u"}`,
		`{"event":"E","user_id":"u","stage":"checkout"}`, `{"event":"E","user_id":"u","passive":"yes"}`,
		`{"event":"E","user_id":"u","timestamp":"yesterday"}`, `{"event":"E","user_id":"u","properties":[]}`,
		`{"event":"E","user_id":"u","properties":{"revenue":"12 EUR"}}`, `{"event":"E","user_id":"u","properties":{"currency":"Euro"}}`,
		`{"event":"E","user_id":"u","properties":{"nps":11}}`, `{"event":"E","user_id":"u","context":{"page":{"url":1}}}`,
		`{"event":"E","user_id":"u","context":{"campaign":"x"}}`, `{"event":"` + strings.Repeat("x", 201) + `","user_id":"u"}`,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(value) == nil {
			t.Errorf("%s passes", raw)
		}
	}
}

func TestOpenAPIHoldsTheSameTouchpoint(t *testing.T) {
	want, _ := touchpoint(t)
	delete(want, "$schema")
	if got := at(t, document(t), "components", "schemas", "Touchpoint"); !reflect.DeepEqual(got, any(want)) {
		t.Error("components.schemas.Touchpoint differs from touchpoint.schema.json")
	}
}

func TestOpenAPISchemasCompile(t *testing.T) {
	doc := document(t)
	for name := range at(t, doc, "components", "schemas").(object) {
		compile(t, doc, "#/components/schemas/"+name)
	}
	if doc["openapi"] != "3.1.0" {
		t.Errorf("OpenAPI %v", doc["openapi"])
	}
}

// TestReferencesResolve looks every $ref of the document up.
func TestReferencesResolve(t *testing.T) {
	doc := document(t)
	count := 0
	walk(doc, "#", func(_ string, node object) {
		ref, ok := node["$ref"].(string)
		if !ok {
			return
		}
		count++
		path, local := strings.CutPrefix(ref, "#/")
		if !local {
			t.Errorf("%s leaves the document", ref)
			return
		}
		at(t, doc, strings.Split(path, "/")...)
	})
	if count < 30 {
		t.Errorf("only %d references found", count)
	}
}

// TestOpenAPIExamples validates every example beside a schema against it.
func TestOpenAPIExamples(t *testing.T) {
	doc := document(t)
	count := 0
	walk(doc, "#", func(pointer string, node object) {
		examples, isMap := node["examples"].(object)
		if !isMap || node["schema"] == nil {
			return
		}
		schema := compile(t, doc, pointer+"/schema")
		for name := range examples {
			count++
			if err := schema.Validate(at(t, examples, name, "value")); err != nil {
				t.Errorf("%s, example %s: %v", pointer, name, err)
			}
		}
	})
	if count < 6 {
		t.Errorf("only %d examples found", count)
	}
}

// walk calls visit for each object within node, with its JSON pointer.
func walk(node any, pointer string, visit func(pointer string, node object)) {
	switch node := node.(type) {
	case object:
		visit(pointer, node)
		for key, value := range node {
			walk(value, pointer+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(key), visit)
		}
	case []any:
		for i, value := range node {
			walk(value, fmt.Sprintf("%s/%d", pointer, i), visit)
		}
	}
}
