package sites

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
	if err := c.AddResource("sites.schema.json", text); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sites.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	const ok = "sites:\n  - id: a\n    write_keys: [key1]\n"
	for _, file := range []string{
		string(Example), ok, ok + "    session_gap: 1d12h\n    session_max_length: 90s\n    origins: []\n", ok + "    currency: ''\n",
		"sites:\n  - {id: a, import_keys: [aaaaaaaaaaaa]}\n",
		"sites: []", ok + "x: 1\n", ok + "    x: 1\n", "sites:\n  - id: a\n", "sites:\n  - id: A\n    write_keys: [key1]\n", "sites:\n  - write_keys: [key1]\n",
		"sites:\n  - {id: a, write_keys: [abc]}\n", "sites:\n  - {id: a, import_keys: [abcdefgh]}\n",
		ok + "    session_gap: 30\n", ok + "    session_gap: 30x\n", ok + "    session_gap: m\n", ok + "    max_age: -1d\n", ok + "    cycle: x\n", ok + "    bots: x\n", ok + "    repeat_purchase: x\n",
		ok + "    currency: eur\n", ok + "    origins: [a.example]\n", ok + "    origins: ['https://a.example/b']\n", ok + "    origins: ['https://a.*.example']\n",
		ok + "    split_on_campaign: 7\n", ok + "    origins: ['*', 'https://*.a.example:8443', 'http://localhost']\n",
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
