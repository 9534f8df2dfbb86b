package admission

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// FuzzAdmit: whatever comes in, the verdict is proper, what is accepted can be encoded and read again, and properties
// and context are the client's bytes.
func FuzzAdmit(f *testing.F) {
	f.Add([]byte(pageEvent), false)
	f.Add([]byte(`{"event":"E","user_id":"u","timestamp":"2020-01-01T00:00:00Z","context":{"ip":"::1"}}`), true)
	for _, c := range refusals {
		if len(c.raw) < 1000 {
			f.Add([]byte(c.raw), false)
		}
	}
	a := New()
	f.Fuzz(func(t *testing.T, raw []byte, history bool) {
		req := request()
		req.Import = history
		given := bytes.Clone(raw)
		var got touchpoint.Touchpoint
		p := a.Admit(req, raw, &got)
		if !bytes.Equal(raw, given) {
			t.Fatal("the input was changed")
		}
		if p != nil {
			proper(t, p)
			return
		}
		sound(t, raw, &got)
	})
}

func sound(t *testing.T, raw []byte, got *touchpoint.Touchpoint) {
	t.Helper()
	if !json.Valid(raw) || !utf8.Valid(raw) {
		t.Fatalf("%q accepted", raw)
	}
	wire, err := proto.Marshal(got) // refuses strings that are not UTF-8
	if err != nil {
		t.Fatal(err)
	}
	var again touchpoint.Touchpoint
	if err := again.UnmarshalVT(wire); err != nil || !proto.Equal(&again, got) {
		t.Fatalf("%v came back as %v, %v", got, &again, err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	keeps(t, fields["properties"], got.Properties, false)
	keeps(t, fields["context"], got.Context, true)
	if got.MessageId == "" || got.UserId+got.AnonymousId == "" || got.OccurredAt*1000 > got.ReceivedAt {
		t.Fatalf("incomplete: %v", got)
	}
}

// keeps checks that an object is what came in; an address within it may have been truncated.
func keeps(t *testing.T, in, out []byte, address bool) {
	t.Helper()
	if len(out) == 0 && (len(in) == 0 || string(in) == "null") {
		return
	}
	if !json.Valid(out) {
		t.Fatalf("%q is not JSON", out)
	}
	if bytes.Equal(in, out) {
		return
	}
	var a, b map[string]any
	if json.Unmarshal(in, &a) != nil || json.Unmarshal(out, &b) != nil || !address || a["ip"] == nil {
		t.Fatalf("%q became %q", in, out)
	}
	a["ip"], b["ip"] = nil, nil
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if !bytes.Equal(x, y) {
		t.Fatalf("%q became %q", in, out)
	}
}
