package state

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// uuid is a random id of version 4, as browsers make them.
func uuid(r *rand.Rand) string {
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.Uint32()>>16, r.Uint32()>>20, r.Uint32()>>20, r.Uint64()>>16)
}

// shopSet is the customer of BenchmarkRestart: ten touches by three channels in twenty minutes.
func shopSet(r *rand.Rand, customer int) *journey.Set {
	set := &journey.Set{}
	start := int64(1_780_000_000_000) + int64(customer)*1789%864_000_000
	for i := range 10 {
		at := start + int64(i)*123_457
		set.Add(&journey.Touch{
			MessageID: journey.PackMessageID(uuid(r)), OccurredAt: at, ReceivedAt: at*1000 + r.Int64N(900_000), Stage: stages.Stage(1 + (customer+i)%3),
			Channel: []string{"paid search", "email", "direct"}[(customer+i)%3], Device: "mobile", Country: "DE",
		})
	}
	set.Sort()
	return set
}

// TestBytesOfACustomer holds what a live customer of ten touches takes on disk, once everything is compacted. Message ids are
// random: 153 bytes of it that nothing makes smaller.
func TestBytesOfACustomer(t *testing.T) {
	const customers = 20_000
	for _, kind := range []struct {
		name  string
		set   func(r *rand.Rand, customer int) *journey.Set
		limit float64
	}{
		{"in one visit", shopSet, 250},
		{"over weeks", func(r *rand.Rand, _ int) *journey.Set { return liveSet(r, 10) }, 285},
	} {
		t.Run(kind.name, func(t *testing.T) {
			s := open(t, t.TempDir())
			defer s.Close()
			r := rand.New(rand.NewPCG(1, 6))
			for part := range 2 { // the first files move down as they are; only a merge writes them anew
				b := s.NewBatch()
				for n := part; n < customers; n += 2 {
					c := touchpoint.Customer{Site: "main", Kind: touchpoint.KindAnonymous, ID: uuid(r)}
					must(t, b.Put(Key(nil, c.Bucket(), c), Encode(nil, kind.set(r, n))))
				}
				must(t, b.Commit())
				must(t, s.db.Compact(t.Context(), []byte{0}, []byte{0xff}, true))
			}
			bytes := float64(s.db.Metrics().Total().TablesSize) / customers
			t.Logf("%.1f bytes a customer", bytes)
			if bytes > kind.limit {
				t.Errorf("want at most %.0f", kind.limit)
			}
		})
	}
}
