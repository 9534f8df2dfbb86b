package admission

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	contract "github.com/throughline/throughline/schemas/http"
)

// TestPublishedSchema: the documented examples are admitted, and the published schema takes every good event and refuses
// those whose fault a schema can see.
func TestPublishedSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(contract.Touchpoint))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("touchpoint.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema := c.MustCompile("touchpoint.schema.json")
	valid := func(raw []byte) bool {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		return err == nil && schema.Validate(value) == nil
	}
	for _, example := range doc.(map[string]any)["examples"].([]any) {
		raw, err := json.Marshal(example)
		if err != nil {
			t.Fatal(err)
		}
		accepted(t, request(), string(raw))
	}
	seed := rand.Uint64()
	g := generator{rand.New(rand.NewPCG(seed, 3))}
	for range 500 {
		if raw := g.event(); !valid(raw) {
			t.Errorf("seed %d: the schema refuses %s", seed, raw)
		}
	}
	for _, c := range refusals {
		if visible := c.reason == ReasonWrongType || c.reason == ReasonMissing || c.reason == ReasonUnknownField; visible && valid([]byte(c.raw)) {
			t.Errorf("the schema takes %s", c.raw)
		}
	}
	for _, field := range fields {
		if doc.(map[string]any)["properties"].(map[string]any)[field] == nil {
			t.Errorf("the schema has no %s", field)
		}
	}
}
