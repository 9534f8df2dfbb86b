package scan

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

const noLimit = 1 << 30

var seeds = []string{
	`{}`, `[]`, `null`, `true`, `false`, `0`, `-0`, `-1.5e+10`, `""`, `"a"`, ` {"a" : [1, 2 ,{"b":null}]} `,
	`{"a":1,}`, `[1,]`, `[,1]`, `{,}`, `{"a"}`, `{"a":}`, `{1:2}`, `01`, `1.`, `.5`, `1e`, `1e+`, `-`, `+1`, `nul`, `nulll`, `tru`,
	`"\u00e9\n\"\\\/\b\f\r\t"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00x"`, `"\ud83d\u0041"`, `"\x"`, `"\u12g4"`, `"\u123"`, `"`, `"\`, `"abc`,
	"\"\x00\"", "\"\x1f12345678\"", "\"\x7f\"", "\"é ü 😀\"", "\"12345678é\"", "\"\xff\"", "\"\xed\xa0\x80\"", "\"\xc0\x80\"", "\"1234567\xe9\"", "\"\xe2\x82\"",
	``, ` `, `{} {}`, `[] x`, `{"a":1 "b":2}`, `[1 2]`, "\ufeff{}", `"12345678"`, `"1234567"`, `"12345678\"12345678"`, "[1\u00a0]",
	"{\"key with spaces\":\"text that runs over more than eight bytes! \\\\ \"}", `{"a":{"a":{"a":[[[{}]]]}}}`, "\t\n\r 1 \t\n\r", "\v1", `Infinity`, `NaN`, "\"a\nb\"", "\"!\x80\"", "\"!#[]\"",
}

// sameAsStandard holds Valid against the standard library: equal verdicts, and equal string values.
func sameAsStandard(t *testing.T, data []byte) {
	t.Helper()
	want := json.Valid(data)
	switch fault := Valid(data, noLimit, noLimit); {
	case fault == OK && !want:
		t.Fatalf("%q accepted, and is not JSON", data)
	case fault == Syntax && want && utf8.Valid(data):
		t.Fatalf("%q refused, and is JSON", data)
	case fault == UTF8 && utf8.Valid(data):
		t.Fatalf("%q called invalid UTF-8", data)
	case fault == OK && !utf8.Valid(data):
		t.Fatalf("%q accepted, and is not UTF-8", data)
	case fault == OK:
		sameText(t, data)
	}
}

func sameText(t *testing.T, data []byte) {
	var want string
	var s Scanner
	s.Reset(data, noLimit, noLimit)
	if s.Peek() != String || json.Unmarshal(data, &want) != nil {
		return
	}
	if got, _ := s.Text(); got.String() != want {
		t.Fatalf("%q reads %q, want %q", data, got.String(), want)
	}
}

func TestValidAgreesWithStandardLibrary(t *testing.T) {
	for _, seed := range seeds {
		sameAsStandard(t, []byte(seed))
		for cut := range len(seed) { // truncation at every byte
			sameAsStandard(t, []byte(seed[:cut]))
		}
	}
}

func FuzzValid(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sameAsStandard(t, data)
		if Valid(data, 4, 5) == OK && Valid(data, noLimit, noLimit) != OK {
			t.Fatalf("%q passes tight limits and fails wide ones", data)
		}
	})
}

func TestEveryByteAtEveryOffset(t *testing.T) {
	for offset := range 18 {
		for c := range 256 {
			data := []byte(`"abcdefghijklmnopq"`)
			data[1+offset%17] = byte(c)
			sameAsStandard(t, data)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		in   string
		want Fault
	}{
		{"depth at the limit", strings.Repeat("[", 32) + strings.Repeat("]", 32), OK},
		{"depth past it", strings.Repeat("[", 33) + strings.Repeat("]", 33), Deep},
		{"objects count too", strings.Repeat(`{"a":`, 32) + "[]" + strings.Repeat("}", 32), Deep},
		{"siblings do not add up", "[" + strings.Repeat("[],", 100) + "[]]", OK},
		{"keys at the limit", "[" + strings.Repeat(`{"a":0},`, 99) + `{"a":0}]`, OK},
		{"keys past it", "[" + strings.Repeat(`{"a":0},`, 100) + `{"a":0}]`, Keys},
		{"a million brackets", strings.Repeat("[", 1<<20), Deep},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Valid([]byte(c.in), 32, 100); got != c.want {
				t.Errorf("fault %d, want %d", got, c.want)
			}
		})
	}
}

func TestMembers(t *testing.T) {
	in := ` { "a" : "x\u0041" , "b":[1,{"c":2}], "n": null, "t":true, "f" :-1.5 } `
	var s Scanner
	s.Reset([]byte(in), 8, 8)
	if s.Peek() != Object || !s.Open() {
		t.Fatal("no object")
	}
	var got []string
	for first := true; ; first = false {
		key, more := s.Member(first)
		if !more {
			break
		}
		kind := s.Peek()
		start := s.Pos()
		if !s.Skip() {
			t.Fatal(s.Fault())
		}
		got = append(got, key.String()+" "+kind.String()+" "+string(s.Since(start)))
	}
	want := []string{`a a string "x\u0041"`, `b an array [1,{"c":2}]`, `n null null`, `t a boolean true`, `f a number -1.5`}
	if strings.Join(got, "|") != strings.Join(want, "|") || !s.End() {
		t.Errorf("got %q, fault %d", got, s.Fault())
	}
}

func BenchmarkValid(b *testing.B) {
	data := []byte(`{"message_id":"01890a5d-ac96-774b-bcce-b302099a8057","type":"page","anonymous_id":"a-5f3b9c1e7d","timestamp":"2026-03-01T12:00:00.123Z","properties":{"category":"shoes","position":3},"context":{"page":{"url":"https://shop.example.com/shoes/runner?utm_source=google&utm_medium=cpc&utm_campaign=spring","referrer":"https://www.google.com/","title":"Runner shoes"},"locale":"en-GB","device":{"type":"mobile"}}}`)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if Valid(data, 32, 1000) != OK {
			b.Fatal("invalid")
		}
	}
}
