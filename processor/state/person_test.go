package state

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/throughline/throughline/processor/identity"
)

func randomPerson(r *rand.Rand) *identity.Person {
	p := &identity.Person{Own: *randomSet(r), Unsure: r.IntN(4) == 0}
	at := int64(1_700_000_000_000)
	for range r.IntN(5) {
		at += r.Int64N(1 << uint(r.IntN(35)))
		p.Links.Add(identity.Edge{UserID: fmt.Sprint("user ", r.IntN(3)), At: at, Source: []string{"track", "identify"}[r.IntN(2)]})
	}
	for range r.IntN(3) {
		p.Links.Withdraw(identity.Unlink{UserID: fmt.Sprint("user ", r.IntN(3)), Until: []int64{at, identity.Forever}[r.IntN(2)]})
	}
	for range r.IntN(4) {
		p.Sources.Apply(&identity.Contribution{
			Part:        identity.Part{Day: r.Int32N(3) + 20_000, Number: uint32(1 + r.IntN(3))},
			AnonymousID: []string{"a", "0f8fad5b-d9cb-469f-a165-70867728950e", "exactly 16 bytes"}[r.IntN(3)], Sweep: r.IntN(4) == 0,
			Sequence: identity.Sequence{Partitions: r.Int32N(3), Offset: r.Int64N(1000)}, Touches: randomSet(r).Touches,
		})
	}
	return p
}

func TestPersonRoundTrip(t *testing.T) {
	for seed := uint64(1); seed <= 2000; seed++ {
		want := randomPerson(rand.New(rand.NewPCG(seed, 3)))
		var got identity.Person
		if err := DecodePerson(EncodePerson(nil, want), &got); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		again := EncodePerson(nil, &got)
		if !bytes.Equal(again, EncodePerson(nil, want)) {
			t.Fatalf("seed %d: encoded again it differs", seed)
		}
		if got.Unsure != want.Unsure || !reflect.DeepEqual(got.Links, want.Links) || len(got.Sources) != len(want.Sources) ||
			len(got.Own.Touches) != len(want.Own.Touches) {
			t.Fatalf("seed %d:\n got %+v\nwant %+v", seed, got, want)
		}
	}
}

// TestAloneIsASet: with whom no other id has to do costs nothing more.
func TestAloneIsASet(t *testing.T) {
	set := randomSet(rand.New(rand.NewPCG(9, 3)))
	if !bytes.Equal(EncodePerson(nil, &identity.Person{Own: *set}), Encode(nil, set)) {
		t.Error("not stored as its set")
	}
}

func FuzzDecodePerson(f *testing.F) {
	for seed := uint64(1); seed < 20; seed++ {
		f.Add(EncodePerson(nil, randomPerson(rand.New(rand.NewPCG(seed, 3)))))
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		var p, again identity.Person
		if err := DecodePerson(bytes.Clone(blob), &p); err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if err := DecodePerson(EncodePerson(nil, &p), &again); err != nil {
			t.Fatalf("what decodes must encode: %v", err)
		}
	})
}
