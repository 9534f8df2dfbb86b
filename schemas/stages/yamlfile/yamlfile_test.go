package yamlfile

import (
	"strings"
	"testing"
)

type thing struct {
	Name  string   `yaml:"name"`
	Parts []string `yaml:"parts"`
}

func TestDecodeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"name: a\nnme: b\n":             `things, line 2: unknown field "nme"`,
		"name: a\nname: b\n":            "things, line 2: ",
		"name: a\nparts: 5\n":           "things, line 2: ",
		"name: [a\n":                    "things, line 1: ",
		"name: a\n---\nname: b\n":       "things: more than one",
		"parts: !00\n00\n  0\n A: 0\n:": "things",
	} {
		_, err := Decode("things", []byte(text), &thing{})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q gives %v, want %s", text, err, want)
		}
	}
}

func TestErrorfFindsTheLine(t *testing.T) {
	f, err := Decode("things", []byte("name: a\nparts:\n  - b\n  - c\n"), &thing{})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"$.name":     "things, line 1: bad",
		"$.parts[1]": "things, line 4: bad",
		"$.parts[7]": "things, line 3: bad",
		"$.none":     "things, line 1: bad",
	} {
		if got := f.Errorf(path, "bad").Error(); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if got := (&File{name: "things"}).Errorf("$.x", "bad").Error(); got != "things: bad" {
		t.Error(got)
	}
}
