package hostile

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"google.golang.org/protobuf/proto"

	"github.com/throughline/throughline/collector/admission"
	contract "github.com/throughline/throughline/schemas/http"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/touchpoint"
)

const events = 10_000

func TestSameSeedSameEvents(t *testing.T) {
	a, b, c := Mutations(7, 1000), Mutations(7, 1000), Mutations(8, 1000)
	if !slices.EqualFunc(a, b, bytes.Equal) || slices.EqualFunc(a, c, bytes.Equal) {
		t.Error("the seed does not decide")
	}
	if Mutations(1, 0) == nil || len(Mutations(1, 0)) != 0 {
		t.Error("none asked, some given")
	}
}

// TestAdmission: every event is accepted and can be encoded, or is refused with a reason of the set; what the published
// schema refuses is refused.
func TestAdmission(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	site, _ := sites.Default().ByID("main")
	req := &admission.Request{Site: site, ReceivedAt: time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC), IP: netip.MustParseAddr("203.0.113.77")}
	admitter, schema := admission.New(), schema(t)
	reasons := make(map[admission.Reason]int)
	for i, raw := range Mutations(seed, events) {
		req.Import = i%4 == 0
		var got touchpoint.Touchpoint
		if p := admitter.Admit(req, raw, &got); p != nil {
			reasons[p.Reason]++
			if !slices.Contains(admission.Reasons(), p.Reason) || p.Detail == "" || !utf8.ValidString(p.Field+p.Detail+p.MessageID) {
				t.Errorf("%.500q: odd problem %+v", raw, p)
			}
			continue
		}
		reasons["accepted"]++
		if _, err := proto.Marshal(&got); err != nil || !json.Valid(raw) {
			t.Errorf("%.500q accepted: %v", raw, err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%.500q accepted, and the schema says %v", raw, err)
		}
	}
	t.Log(reasons)
	for _, reason := range append(admission.Reasons(), "accepted") {
		if reasons[reason] == 0 {
			t.Errorf("not one event was %s", reason)
		}
	}
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(contract.Touchpoint))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("touchpoint.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("touchpoint.schema.json")
}
