package sites

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/throughline/throughline/schemas/stages/yamlfile"
)

func TestDefault(t *testing.T) {
	s := Default()
	main, ok := s.ByWriteKey("local")
	if !ok || main.ID != "main" || s.Len() != 1 {
		t.Fatalf("write key local gives %+v, %v", main, ok)
	}
	if got, ok := s.ByImportKey("local-import"); !ok || got != main {
		t.Errorf("import key gives %+v, %v", got, ok)
	}
	if !main.AllowsOrigin("https://any.example") || !s.AllowsOrigin("null") {
		t.Error("an origin is refused")
	}
	if err := validate([]*Site{main}, &yamlfile.File{}); err != nil {
		t.Error(err)
	}
}

func TestKeysAreOfOneKind(t *testing.T) {
	s := Default()
	for _, key := range []string{"", "local-import", "Local", "local "} {
		if _, ok := s.ByWriteKey(key); ok {
			t.Errorf("%q is taken as a write key", key)
		}
	}
	for _, key := range []string{"", "local", "local-impor"} {
		if _, ok := s.ByImportKey(key); ok {
			t.Errorf("%q is taken as an import key", key)
		}
	}
}

func TestAllowsOrigin(t *testing.T) {
	site := &Site{Origins: []string{"https://shop.example.com", "http://localhost:3000", "https://*.example.org", "https://*.example.net:8443"}}
	for origin, want := range map[string]bool{
		"https://shop.example.com": true, "HTTPS://Shop.Example.com": true, "http://shop.example.com": false,
		"https://shop.example.com:444": false, "https://shop.example.com.evil.example": false, "https://a.shop.example.com": false,
		"http://localhost:3000": true, "http://localhost": false,
		"https://a.example.org": true, "https://a.b.example.org": true, "https://example.org": false, "https://.example.org": false,
		"https://evilexample.org": false, "http://a.example.org": false, "https://a.example.org:8443": false,
		"https://evil.example/.example.org": false, "https://evil.example?.example.org": false, "https://evil:80.example.org": false,
		"https://u@a.example.org": false, "https://a.example.net:8443": true, "https://a.example.net": false,
		"null": false, "": false, "*": false,
	} {
		if got := site.AllowsOrigin(origin); got != want {
			t.Errorf("%q: %v", origin, got)
		}
	}
}

func TestAnySiteAllowsOrigin(t *testing.T) {
	s := load(t, "sites:\n  - {id: a, write_keys: [key1], origins: ['https://a.example']}\n  - {id: b, write_keys: [key2], origins: ['https://*.b.example']}\n")
	for origin, want := range map[string]bool{"https://a.example": true, "https://x.b.example": true, "https://c.example": false} {
		if got := s.AllowsOrigin(origin); got != want {
			t.Errorf("%q: %v", origin, got)
		}
	}
}

// The schema for editors must name exactly the fields that the decoder knows.
func TestSchemaNamesEveryField(t *testing.T) {
	var schema struct {
		Defs struct {
			Site struct {
				Properties map[string]any `json:"properties"`
			} `json:"site"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	var fields, described []string
	for f := range reflect.TypeFor[entry]().NumField() {
		fields = append(fields, reflect.TypeFor[entry]().Field(f).Tag.Get("yaml"))
	}
	for name := range schema.Defs.Site.Properties {
		described = append(described, name)
	}
	slices.Sort(fields)
	slices.Sort(described)
	if !slices.Equal(fields, described) {
		t.Errorf("decoder: %v\nschema:  %v", fields, described)
	}
}

func BenchmarkByWriteKey(b *testing.B) {
	s := Default()
	b.ReportAllocs()
	for b.Loop() {
		if site, ok := s.ByWriteKey("local"); !ok || !site.AllowsOrigin("https://any.example") {
			b.Fatal("not found")
		}
	}
}

func BenchmarkByImportKey(b *testing.B) {
	s := Default()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := s.ByImportKey("local-import"); !ok {
			b.Fatal("not found")
		}
	}
}
