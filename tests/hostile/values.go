package hostile

import (
	"maps"
	"slices"
	"strings"
)

// choose gives a random member of the event, going down into objects now and then.
func (m mutator) choose(event map[string]any) (object map[string]any, key string) {
	for object = event; ; {
		keys := slices.DeleteFunc(slices.Sorted(maps.Keys(object)), func(key string) bool { return key == "" })
		if len(keys) == 0 {
			return event, "event"
		}
		key = keys[m.IntN(len(keys))]
		inner, ok := object[key].(map[string]any)
		if !ok || len(inner) == 0 || m.IntN(4) == 0 {
			return object, key
		}
		object = inner
	}
}

// odd are values of every kind, most of them wrong somewhere.
var odd = []any{
	nil, true, false, 0, -1, 1.5, 1e300, -1e300, 1e-300, 1 << 60, "", " ", "null", "undefined", "NaN", "0", "guest", "[object Object]", "true", "-",
	"12.50", "12,50", "€ 5", "1e400", "99999999999999999999", "0.00001", "1970-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z",
	"2026-02-30T00:00:00Z", "2026-03-01", "2026-03-01T12:00:00", "2026-03-01T12:00:00+99:99", "2026-03-01T24:00:00Z", "1700000000", "yesterday",
	"track", "TRACK", "purchase", "Purchase", "checkout", "USD", "usd", "Euro", "\u0000", "a\nb", "a\u0085b", "\ufffd", "\u202e", "😀", "e\u0301",
	"http://", "https://[::1", "//", "?utm_source=%", "https://x/?" + strings.Repeat("&", 3000), "https://x/?utm_campaign=%FF%00", "javascript:alert(1)",
	"https://user:pw@h:99999/%zz?gclid=%zz#f", "1.2.3", "::1", "fe80::1%eth0", "203.0.113.7:80", "::ffff:203.0.113.7", "DE", "Deutschland", "T1",
	strings.Repeat("x", 199), strings.Repeat("x", 201), strings.Repeat("é", 100), strings.Repeat("é", 101), strings.Repeat("long ", 4000),
	[]any{}, []any{nil}, []any{map[string]any{"a": 1}}, map[string]any{}, map[string]any{"a": map[string]any{"b": []any{1, 2}}},
	map[string]any{"url": 1, "type": nil, "country": []any{}, "name": "x"},
}

func (m mutator) value() any { return odd[m.IntN(len(odd))] }
