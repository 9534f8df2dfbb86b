// Package hostile takes a seed and gives events as clients should never send them: mutations of good events, for tests
// that nothing crashes and that each is either accepted or refused with a reason.
package hostile

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
)

// good are the events that are mutated.
var good = []string{
	`{"type":"page","message_id":"m-1","anonymous_id":"visitor-1","timestamp":"2026-03-01T12:00:00.000Z","sent_at":"2026-03-01T12:00:00.250Z","context":{"page":{"url":"https://shop.example/shoes?utm_source=google&utm_medium=cpc&gclid=abc","path":"/shoes","referrer":"https://www.google.com/","title":"Shoes"},"campaign":{"name":"spring","source":"google","medium":"cpc","term":"x","content":"y"},"user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0","ip":"203.0.113.7","locale":"en","location":{"country":"DE"},"device":{"type":"mobile"}}}`,
	`{"event":"Order Completed","message_id":"m-2","user_id":"customer-42","anonymous_id":"visitor-1","stage":"purchase","channel":"store","passive":false,"properties":{"order_id":"1001","revenue":"59.90","total":65,"currency":"EUR","products":[{"sku":"a","quantity":1},{"sku":"b","quantity":2}]}}`,
	`{"event":"Survey Answered","user_id":"Zoë 😀","properties":{"survey":"nps","score":9,"csat":4,"ces":"5","comment":"très \"bien\"\n\u00e9\ud83d\ude00"}}`,
	`{"type":"identify","user_id":"customer-42","anonymous_id":"visitor-1"}`,
}

// Mutations gives n mutated events; the same seed gives the same. A few are still good, most are not; they may hold line
// breaks and any other byte, and be empty or larger than an event may be.
func Mutations(seed uint64, n int) [][]byte {
	m := mutator{rand.New(rand.NewPCG(seed, uint64(n)))}
	events := make([][]byte, n)
	for i := range events {
		event := []byte(good[m.IntN(len(good))])
		for range 1 + m.IntN(3) {
			event = mutations[m.IntN(len(mutations))](m, event)
		}
		events[i] = event
	}
	return events
}

type mutator struct{ *rand.Rand }

// mutations each return a changed event, in memory of its own.
var mutations = []func(mutator, []byte) []byte{
	mutator.truncate, mutator.flip, mutator.insert, mutator.remove, mutator.repeat, mutator.noise, mutator.join,
	mutator.swapText, mutator.swapText,
	mutator.member, mutator.member, mutator.member, mutator.member, mutator.member, mutator.member, mutator.member,
	mutator.large, mutator.large,
}

func (m mutator) truncate(e []byte) []byte { return bytes.Clone(e[:m.IntN(len(e)+1)]) }

func (m mutator) flip(e []byte) []byte {
	e = bytes.Clone(e)
	for range 1 + m.IntN(4) {
		if len(e) > 0 {
			e[m.IntN(len(e))] ^= 1 << m.IntN(8)
		}
	}
	return e
}

// fragments are pieces that parsers trip over.
var fragments = []string{
	"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\x00", "\x1f", "\x7f", "\ufeff", "\u2028", "\u202e", `\ud800`, `\udc00\ud800`,
	`\u0000`, `\x41`, `\`, `"`, `""`, "{", "}", "[", "]", ",", ":", "//", "/*", "'", "\n", "\r\n", "NaN", "Infinity", "-", "+1", "01", "1e999", "0x1F",
	"1e-999999999999", "null", "undefined", "true", `{"a":1,"a":2}`, `{"$ref":"#"}`, `"__proto__":{}`, "%00", "%s%n", "'; DROP TABLE touchpoints; --", "{{7*7}}",
}

func (m mutator) fragment() string { return fragments[m.IntN(len(fragments))] }

func (m mutator) insert(e []byte) []byte {
	at := m.IntN(len(e) + 1)
	return append(append(bytes.Clone(e[:at]), m.fragment()...), e[at:]...)
}

func (m mutator) remove(e []byte) []byte {
	from, to := m.span(e)
	return append(bytes.Clone(e[:from]), e[to:]...)
}

func (m mutator) repeat(e []byte) []byte {
	from, to := m.span(e)
	return append(append(bytes.Clone(e[:to]), bytes.Repeat(e[from:to], 1+m.IntN(20))...), e[to:]...)
}

func (m mutator) span(e []byte) (from, to int) {
	from = m.IntN(len(e) + 1)
	return from, from + m.IntN(min(len(e)-from, 40)+1)
}

func (m mutator) noise([]byte) []byte {
	e := make([]byte, m.IntN(200))
	for i := range e {
		e[i] = byte(m.Uint32())
	}
	return e
}

func (m mutator) join(e []byte) []byte {
	parts := [][]byte{e, []byte(good[m.IntN(len(good))])}
	joined := bytes.Join(parts, []byte([]string{"", ",", "\n", " "}[m.IntN(4)]))
	if m.IntN(2) == 0 {
		joined = append(append([]byte("["), joined...), ']')
	}
	return joined
}

// swapText puts something else in the place of one JSON word.
func (m mutator) swapText(e []byte) []byte {
	words := []string{`"type"`, `"user_id"`, `"properties"`, `"visitor-1"`, `"59.90"`, "9", `"nps"`, `"a"`, "1}", `"Shoes"`, `"DE"`, `"Order Completed"`}
	word := words[m.IntN(len(words))]
	return bytes.Replace(bytes.Clone(e), []byte(word), []byte(m.literal()), 1)
}

// large puts something sound but excessive into the event: too deep, too many, too long.
func (m mutator) large([]byte) []byte {
	size := 1 << m.IntN(14)
	excess := []string{
		`"channel":"` + strings.Repeat("x", min(size, 5000)) + `"`,
		`"event":"` + strings.Repeat("é", min(size, 5000)) + `"`,
		`"properties":{"deep":` + strings.Repeat("[", size) + strings.Repeat("]", size) + "}",
		`"context":` + strings.Repeat(`{"page":`, size) + "null" + strings.Repeat("}", size),
		`"properties":{"list":[` + strings.Repeat(`{"k":0},`, size) + `0]}`,
		`"properties":{"text":"` + strings.Repeat("long ", size) + `"}`,
	}
	return []byte(`{"anonymous_id":"a","type":"page",` + excess[m.IntN(len(excess))] + "}")
}

// literal gives JSON text of any kind, sound or not.
func (m mutator) literal() string {
	switch m.IntN(8) {
	case 0:
		return m.fragment()
	case 1:
		depth := 1 << m.IntN(13)
		return strings.Repeat("[", depth) + strings.Repeat("]", depth)
	case 2:
		return strings.Repeat(`{"a":`, 1+m.IntN(50)) + "1" + strings.Repeat("}", 1+m.IntN(50))
	case 3:
		return `"` + strings.Repeat("x", m.IntN(40_000)) + `"`
	case 4:
		return "{" + strings.Repeat(`"k":1,`, m.IntN(2000)) + `"z":1}`
	case 5:
		return "[" + strings.Repeat(`{"k":{}},`, m.IntN(2000)) + "0]"
	default:
		text, _ := json.Marshal(m.value())
		return string(text)
	}
}

// member changes one member of the event, or of an object within it, when it still can be read.
func (m mutator) member(e []byte) []byte {
	var event map[string]any
	if json.Unmarshal(e, &event) != nil || len(event) == 0 {
		return m.insert(e)
	}
	object, key := m.choose(event)
	switch m.IntN(6) {
	case 0:
		delete(object, key)
	case 1:
		object[strings.ToUpper(key[:1])+key[1:]] = object[key]
	case 2:
		object[m.fragment()] = m.value()
	case 3:
		object[strings.Repeat(key, 1+m.IntN(1+100_000/(1+len(key))))] = true // a long name gets no longer
	default:
		object[key] = m.value()
	}
	changed, err := json.Marshal(event)
	if err != nil {
		return m.insert(e)
	}
	return changed
}
