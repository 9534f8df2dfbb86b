package stages

import (
	"bytes"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The schema for editors must take what Load takes, and refuse the mistakes that it can describe.
func TestSchemaAgreesWithLoad(t *testing.T) {
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("stages.schema.json", text); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("stages.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{
		string(builtin),
		"extends: builtin\n" + head + "  - {id: a, stage: none, when: {event: x, type: [page], channel: c, path: /, property: {n: [1, true, x]}}}",
		head + "  - {id: a, stage: intent, when: {events: x}}",
		head + "  - {id: a, stage: intent, when: {}}",
		head + "  - {id: a, stage: intent}",
		head + "  - {id: a, stage: buying, when: {event: x}}",
		head + "  - {id: A, stage: intent, when: {event: x}}",
		head + "  - {id: a, stage: intent, when: {event: []}}",
		head + "  - {id: a, stage: intent, when: {type: click}}",
		head + "  - {id: a, stage: intent, when: {path: a}}",
		head + "  - {id: a, stage: intent, when: {event: x}, note: y}",
		"extends: other\n" + head + "  - {id: a, stage: intent, when: {event: x}}",
		"version: a b\ndate: 2026-01-02\nrules: [{id: a, stage: intent, when: {event: x}}]",
		"version: a\ndate: soon\nrules: [{id: a, stage: intent, when: {event: x}}]",
		"version: a\nrules: [{id: a, stage: intent, when: {event: x}}]",
		"version: a\ndate: 2026-01-02\nrules: []",
	} {
		_, loadErr := Load([]byte(file))
		json, err := yaml.YAMLToJSON([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(json))
		if err != nil {
			t.Fatal(err)
		}
		if schemaErr := schema.Validate(value); (schemaErr == nil) != (loadErr == nil) {
			t.Errorf("Load says %v, the schema says %v of\n%.300s", loadErr, schemaErr, file)
		}
	}
}
