package state

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// foldedSet is a random set, some of which is folded under random rules.
func foldedSet(r *rand.Rand) *journey.Set {
	set := randomSet(r)
	o := journey.Options{
		SessionGap: r.Int64N(1 << 36), JourneyTimeout: r.Int64N(1 << 40), RepeatIsLoyalty: r.IntN(2) == 0, CloseOnPurchase: r.IntN(3) == 0,
	}
	b := journey.NewBuilder(&o)
	for range r.IntN(3) {
		if len(set.Touches) == 0 {
			break
		}
		line := set.Touches[r.IntN(len(set.Touches))].OccurredAt + r.Int64N(3)
		b.Fold(touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: "u1"}, set, line)
	}
	return set
}

func TestFrozenRoundTrip(t *testing.T) {
	journeys, sessions := 0, 0
	for seed := uint64(1); seed <= 3000; seed++ {
		want := foldedSet(rand.New(rand.NewPCG(seed, 5)))
		blob := Encode(nil, want)
		var got journey.Set
		if err := Decode(blob, nil, &got); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !reflect.DeepEqual(got.Frozen, want.Frozen) || len(got.Touches) != len(want.Touches) || got.Floor != want.Floor {
			t.Fatalf("seed %d:\n got %+v\nwant %+v", seed, got.Frozen, want.Frozen)
		}
		if !bytes.Equal(Encode(nil, &got), blob) {
			t.Fatalf("seed %d: the same set is stored in two forms", seed)
		}
		if f := want.Frozen; f != nil && f.Journey != nil {
			journeys++
		}
		if f := want.Frozen; f != nil && f.Session != nil {
			sessions++
		}
	}
	if journeys < 500 || sessions < 500 {
		t.Errorf("only %d running journeys and %d running sessions", journeys, sessions)
	}
}

func FuzzDecodeFrozen(f *testing.F) {
	for seed := uint64(1); seed < 20; seed++ {
		f.Add(Encode(nil, foldedSet(rand.New(rand.NewPCG(seed, 5)))))
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		var set, again journey.Set
		if Decode(bytes.Clone(blob), nil, &set) != nil {
			return
		}
		if err := Decode(Encode(nil, &set), nil, &again); err != nil {
			t.Fatalf("what decodes must encode: %v", err)
		}
	})
}
