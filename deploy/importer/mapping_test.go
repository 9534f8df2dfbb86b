package importer

import (
	"strings"
	"testing"
)

const goodMapping = `format: csv
touchpoint:
  anonymous_id: "{id}"
  event: "{what}"
  timestamp: "{at}"
`

func TestMappingErrorsNameLineAndRemedy(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "format"},
		{"format: xml\n", `m.yaml, line 1: format is "xml": use csv or ndjson`},
		{"format: csv\ndelimitr: ;\n", `m.yaml, line 2: unknown field "delimitr"`},
		{"format: csv\ndelimiter: ab\n", "use one character"},
		{"format: ndjson\ndelimiter: ;\n", "csv files only"},
		{"format: csv\n", "touchpoint is missing"},
		{goodMapping + "timezone: Mars/Base\n", "line 6: timezone"},
		{goodMapping + "  evnt: x\n", `m.yaml, line 6: "evnt" is not a field of a touchpoint: use anonymous_id, channel`},
		{goodMapping + "  event.name: x\n", "line 6: event has no parts"},
		{goodMapping + "  properties..x: y\n", "has an empty part"},
		{goodMapping + "  event: x\n", "line 6: "},
		{goodMapping + "  properties: \"{p}\"\n  properties.x: \"{x}\"\n", "line 7: properties and properties.x cannot both be given"},
		{goodMapping + "  stage: buy\n", `line 6: unknown stage "buy"`},
		{goodMapping + "  stage: 4\n", "line 6: stage: 4 does not fit"},
		{goodMapping + "  passive: 1\n", "line 6: passive: 1 does not fit"},
		{goodMapping + "  passive: maybe\n", "use true or false"},
		{goodMapping + "  channel: \"{a\"\n", "line 6: channel: a { without"},
		{goodMapping + "  channel: \"a}\"\n", "a } without"},
		{goodMapping + "  channel: \"{}\"\n", "a { without column name"},
		{goodMapping + "  channel: \"{a:number}\"\n", "its type is fixed"},
		{goodMapping + "  properties.a: \"x{a:number}\"\n", "has to stand alone"},
		{goodMapping + "  properties.a: [1]\n", "want a template"},
		{goodMapping + "  properties: text\n", "JSON object"},
		{goodMapping + "values:\n  stage: {a: intent}\n", "touchpoint has no such field"},
		{goodMapping + "  stage: \"{what}\"\nvalues:\n  stage:\n    a: intend\n", `values.stage: a gives unknown stage "intend"`},
		{goodMapping + "values: 5\n", "line 6"},
		{goodMapping + "skip_when:\n  at: {a: b}\n", "line 7: want a single value"},
		{"format: csv\ntouchpoint: {event: a, user_id: \"{u}\"}\n", "has no timestamp"},
		{"format: csv\ntouchpoint: {event: a, timestamp: \"{t}\"}\n", "neither user_id nor anonymous_id"},
		{"format: csv\ntouchpoint: {user_id: a, timestamp: \"{t}\"}\n", "neither event nor type"},
		{"format: csv\ntouchpoint: 3\n", "name: value"},
	} {
		_, err := ParseMapping("m.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q\n  gives %v\n  want  %s", c.text, err, c.want)
		}
	}
}

func TestUnknownColumnListsTheColumns(t *testing.T) {
	m, err := ParseMapping("m.yaml", []byte(goodMapping))
	if err != nil {
		t.Fatal(err)
	}
	_, err = newConverter(m, []string{"id", "wat", "at"})
	if err == nil || !strings.Contains(err.Error(), `touchpoint.event names the column "what", which the file has not; its columns are id, wat, at`) {
		t.Fatal(err)
	}
}

func TestMappingFilesAreValid(t *testing.T) {
	for _, name := range []string{"google-merch-events", "google-merch-users", "bpic2012", "webtrackr"} {
		if _, err := LoadMapping("../../tests/mappings/" + name + ".yaml"); err != nil {
			t.Error(err)
		}
	}
}

func FuzzParseMapping(f *testing.F) {
	f.Add(goodMapping)
	f.Add("format: ndjson\nskip_when: {a: [b, 1]}\nvalues: {stage: {\"*\": intent}}\ntouchpoint: {stage: \"{{}}{x}\"}")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMapping("m", []byte(text))
		if err != nil {
			return
		}
		if _, err := newConverter(m, m.columns()); err != nil {
			t.Fatalf("a valid mapping does not fit its own columns: %v", err)
		}
	})
}
