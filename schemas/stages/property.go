package stages

import (
	"strconv"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
)

// property is one condition on the properties: the named one has one of the values.
type property struct {
	name   string // as written
	path   string // in gjson's language
	values []value
}

// value compares as text without letter case, or as a number when both sides are numbers.
type value struct {
	text   string
	number float64
	isNum  bool
}

// newProperty takes a name in which dots lead into objects.
func newProperty(name string, texts []string) property {
	parts := strings.Split(name, ".")
	for i := range parts {
		parts[i] = gjson.Escape(parts[i])
	}
	p := property{name: name, path: strings.Join(parts, ".")}
	for _, text := range texts {
		number, err := strconv.ParseFloat(text, 64)
		p.values = append(p.values, value{text, number, err == nil})
	}
	return p
}

// get scans for the property; the result lives as long as the JSON text.
func (p *property) get(json []byte) gjson.Result {
	// The text is only read, and not kept: no copy is needed.
	return gjson.Get(unsafe.String(unsafe.SliceData(json), len(json)), p.path)
}

func (p *property) holds(json []byte) bool {
	if len(json) == 0 {
		return false
	}
	got := p.get(json)
	switch got.Type {
	case gjson.Null, gjson.JSON:
		return false // absent, null, object or list
	case gjson.Number:
		return p.has(got.String(), got.Num, true)
	}
	return p.has(got.String(), 0, false)
}

func (p *property) has(text string, number float64, isNum bool) bool {
	for _, v := range p.values {
		if strings.EqualFold(v.text, text) || (isNum && v.isNum && v.number == number) {
			return true
		}
	}
	return false
}
