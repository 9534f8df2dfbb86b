package api

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

// FuzzSplit holds the splitter to encoding/json: each valid array, batch or list of lines gives exactly its elements.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{`[{"a":"x"},{"b":[1,{"c":"]"}]}]`, `{"batch":[1,"a\"]",{}],"sent_at":"2026-01-01T00:00:00Z"}`, "{}\n{}\n", `[`, `{"batch"`, `{"a":{"batch":[]}}`, "{\"a\":\"\\\\\"}"} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, lines bool) {
		var s batch
		refused := s.split(body, lines, 500)
		var elements []json.RawMessage
		if !lines && json.Unmarshal(body, &elements) == nil && elements != nil && len(elements) <= 500 {
			compareElements(t, &s, refused, elements)
		}
		if json.Valid(body) && !lines && refused != nil && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && !bytes.Contains(body, batchKey) {
			t.Errorf("a valid object was refused: %v", refused)
		}
	})
}

func compareElements(t *testing.T, s *batch, refused *refusal, elements []json.RawMessage) {
	t.Helper()
	if refused != nil || len(s.events) != len(elements) {
		t.Fatalf("%d events of %d, %v", len(s.events), len(elements), refused)
	}
	for i := range elements {
		if !bytes.Equal(s.events[i], elements[i]) {
			t.Errorf("event %d is %q, want %q", i, s.events[i], elements[i])
		}
	}
}

// TestSplitBatchAnyOrder builds batches with strings full of brackets and quotes and compares with encoding/json.
func TestSplitBatchAnyOrder(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	for range 500 {
		elements := make([]json.RawMessage, random.IntN(20))
		for i := range elements {
			text, err := json.Marshal(map[string]any{"k": noise(random), noise(random): []string{noise(random)}})
			if err != nil {
				t.Fatal(err)
			}
			elements[i] = text
		}
		list, err := json.MarshalIndent(elements, "", strings.Repeat(" ", random.IntN(3)))
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range []string{string(list), `{"batch":` + string(list) + `}`, `{ "sent_at" : "2026-01-01T00:00:00Z", "batch": ` + string(list) + ` }`} {
			var s batch
			refused := s.split([]byte(body), false, 500)
			if refused != nil || len(s.events) != len(elements) {
				t.Fatalf("seed %d: %d events of %d, %v: %s", seed, len(s.events), len(elements), refused, body)
			}
			for i := range elements {
				if !sameJSON(s.events[i], elements[i]) {
					t.Fatalf("seed %d: event %d is %q, want %q", seed, i, s.events[i], elements[i])
				}
			}
		}
	}
}

func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

func noise(random *rand.Rand) string {
	const letters = `ab"\{}[],:é` + "\n"
	runes := []rune(letters)
	out := make([]rune, random.IntN(20))
	for i := range out {
		out[i] = runes[random.IntN(len(runes))]
	}
	return string(out)
}

func FuzzAppendString(f *testing.F) {
	f.Add("plain")
	f.Add("\"\\\n\x00é\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if want := string([]rune(s)); back != want {
			t.Errorf("%q came back as %q, want %q", s, back, want)
		}
	})
}

func BenchmarkSkipValue(b *testing.B) {
	body := pageEvents(1)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if skipValue(body, 0) != len(body) {
			b.Fatal("cut")
		}
	}
}
