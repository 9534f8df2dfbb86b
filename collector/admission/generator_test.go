package admission

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// generator makes random good events: any set of fields, in any order, with white space, escapes, nulls and strange text.
type generator struct{ *rand.Rand }

func (g generator) pick(values ...string) string { return values[g.IntN(len(values))] }

// text gives a JSON string for a value, with some of its characters escaped.
func (g generator) text(value string) string {
	plain, _ := json.Marshal(value)
	if g.IntN(4) > 0 {
		return string(plain)
	}
	var b strings.Builder
	for _, r := range value {
		if r < 0x80 && g.IntN(2) == 0 {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			one, _ := json.Marshal(string(r))
			b.Write(one[1 : len(one)-1])
		}
	}
	return `"` + b.String() + `"`
}

// words gives a string of anything, null, or the empty string.
func (g generator) words() string {
	return g.pick(`null`, `""`, g.text("plain"), g.text("Ünïcödé 😀 \u2028"), g.text("quotes \" and \\ and \t <&>"), g.text(strings.Repeat("long ", 30)))
}

func (g generator) space() string { return g.pick("", "", "", " ", "\n\t", "\r\n  ") }

// object joins members, in random order, each there with the given chance in 10.
func (g generator) object(chance int, members map[string]func() string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(members)) { // the order comes from the seed, not from the map
		if g.IntN(10) < chance {
			parts = append(parts, g.space()+g.text(key)+g.space()+":"+g.space()+members[key]()+g.space())
		}
	}
	g.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return "{" + g.space() + strings.Join(parts, ",") + "}"
}

func (g generator) moment() string {
	at := received.Add(time.Duration(g.Int64N(int64(2000*time.Hour))) - 1900*time.Hour)
	layout := g.pick(time.RFC3339, time.RFC3339Nano, "2006-01-02T15:04:05.000Z07:00")
	return g.pick(`null`, `""`, g.text(at.UTC().Format(layout)), g.text(at.In(time.FixedZone("", 5*3600+1800)).Format(layout)))
}

func (g generator) number() string {
	return g.pick("0", "5", "3.25", "7e0", "10", "1.5E0")
}

// value gives any JSON value.
func (g generator) value(depth int) string {
	if depth == 0 || g.IntN(3) == 0 {
		return g.pick("true", "false", g.number(), "-12.5e+3", g.words(), "[]", "{}")
	}
	if g.IntN(2) == 0 {
		return "[" + g.space() + g.value(depth-1) + g.space() + "," + g.value(depth-1) + "]"
	}
	return `{"x":` + g.value(depth-1) + `,` + g.space() + `"y":` + g.value(depth-1) + "}"
}

func (g generator) event() []byte {
	ids := map[string]func() string{
		"user_id":      func() string { return g.text(g.pick("u1", "Zoë", "a@b.example", strings.Repeat("u", 200))) },
		"anonymous_id": func() string { return g.text(g.pick("a1", "0", "7c5-é")) },
		"message_id":   func() string { return g.text(fmt.Sprintf("m%d", g.Int())) },
	}
	fields := map[string]func() string{
		"event": func() string { return g.text(g.pick("Product Viewed", "Achat terminé", "x")) },
		"type": func() string {
			return g.pick(`null`, `""`, `"track"`, `"page"`, `"screen"`, `"identify"`, `"group"`, `"alias"`)
		},
		"timestamp":  g.moment,
		"sent_at":    g.moment,
		"stage":      func() string { return g.pick(`null`, `""`, `"awareness"`, `"intent"`, `"loyalty"`) },
		"passive":    func() string { return g.pick("true", "false", "null") },
		"channel":    func() string { return g.pick("null", `""`, `"Store"`, `"call center"`) },
		"properties": g.properties,
		"context":    g.context,
	}
	head, tail := g.object(10, ids), g.object(6, fields)
	if !strings.Contains(tail, "event") { // escaped keys hide here: a second event would be refused, so give a type instead
		tail = `{"type":"page"}`
	}
	head, tail = head[:len(head)-1], strings.TrimLeft(tail[1:], " \n\r\t")
	return []byte(g.space() + head + "," + tail + g.space())
}

func (g generator) properties() string {
	if g.IntN(10) == 0 {
		return "null"
	}
	return g.object(5, map[string]func() string{
		"revenue":  func() string { return g.pick("null", `""`, "12.5", `"19.99"`, "-3", "0.00015", "1e3") },
		"total":    func() string { return g.pick("null", "4.5", `"7.25"`) },
		"currency": func() string { return g.pick("null", `"EUR"`, `"usd"`) },
		"order_id": func() string { return g.pick("null", `""`, g.text("order-1")) },
		"nps":      g.number, "csat": g.number, "ces": g.number,
		"a": func() string { return g.value(4) }, "nested": func() string { return g.value(6) }, "Ünï": func() string { return g.value(1) },
	})
}

func (g generator) context() string {
	return g.object(6, map[string]func() string{
		"page": func() string {
			return g.object(7, map[string]func() string{
				"url": func() string {
					return g.text(g.pick("https://shop.example.com/a%20b?utm_source=google&utm_medium=cpc&utm_campaign=Spring+sale", "https://shop.example.com",
						"http://x.example:81/p?gclid=a%2Fb&utm_term=%C3%A9#f", "/relative?utm_content=1", "", "https://shop.example.com/?utm_source=news&utm_medium=email"))
				},
				"referrer": func() string {
					return g.text(g.pick("", "https://www.google.com/", "https://shop.example.com/", "https://t.co/x", "https://blog.example.org/"))
				},
				"path": func() string { return g.pick("null", `""`, `"/given"`) }, "title": g.words, "search": g.words,
			})
		},
		"campaign": func() string {
			if g.IntN(2) == 0 {
				return "null"
			}
			return g.object(5, map[string]func() string{"name": g.words, "source": g.words, "medium": g.words, "term": g.words, "content": g.words, "id": g.number})
		},
		"user_agent": func() string { return g.pick("null", g.text(chrome), `"curl/8"`) },
		"ip":         func() string { return g.pick("null", `""`, `"203.0.113.77"`) },
		"locale":     g.words,
		"location": func() string {
			return g.pick("null", `{}`, `{"country":"FR","city":"Paris"}`, `{"city":{"country":"XX"}}`)
		},
		"device":  func() string { return g.pick("null", `{"type":"tv"}`, `{"type":null,"id":1}`) },
		"library": func() string { return g.value(3) },
	})
}
