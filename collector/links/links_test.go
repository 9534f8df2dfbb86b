package links

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/throughline/throughline/schemas/touchpoint"
)

const minute = 60_000

func touch(kind, anonymous, user string, at int64) *touchpoint.Touchpoint {
	return &touchpoint.Touchpoint{Site: "s", Type: kind, AnonymousId: anonymous, UserId: user, OccurredAt: at}
}

func TestNeeded(t *testing.T) {
	c, err := New(100)
	if err != nil {
		t.Fatal(err)
	}
	const base = 1_000_000 * minute
	var pending []Claim
	for i, s := range []struct {
		touch   *touchpoint.Touchpoint
		durable bool // after this one
		want    bool
	}{
		{touch("track", "a", "", base), false, false},
		{touch("track", "", "u", base), false, false},
		{touch("track", "a", "u", base+3), false, true},
		{touch("track", "a", "u", base+3), false, false}, // within the request
		{touch("track", "a", "u", base+2), true, true},   // earlier
		{touch("track", "a", "u", base+2), false, false},
		{touch("page", "a", "u", base+9*minute), false, false},
		{touch("page", "a", "u", base+10*minute), true, true}, // the next window
		{touch("page", "a", "u", base+1), false, true},        // earlier than all
		{touch("page", "a", "v", base+5), false, true},        // another user
		{touch("page", "b", "u", base+5), false, true},        // another device
		{touch("identify", "a", "u", base+6), true, true},     // always
		{touch("alias", "a", "u", base+6), true, true},
	} {
		claim, got := c.Needed(s.touch, pending)
		if got != s.want {
			t.Errorf("step %d: %v, want %v", i, got, s.want)
		}
		if got {
			pending = append(pending, claim)
		}
		if s.durable {
			c.Sent(pending)
			pending = nil
		}
	}
}

// TestNotSentIsAskedAgain: a claim that was never durable holds back nothing.
func TestNotSentIsAskedAgain(t *testing.T) {
	c, err := New(1)
	if err != nil {
		t.Fatal(err)
	}
	first := touch("track", "a", "u", minute)
	for range 2 {
		if _, needed := c.Needed(first, nil); !needed {
			t.Fatal("held back")
		}
	}
	claim, _ := c.Needed(first, nil)
	c.Sent([]Claim{claim})
	if _, needed := c.Needed(first, nil); needed {
		t.Error("sent twice")
	}
	other, _ := c.Needed(touch("track", "b", "u", minute), nil)
	c.Sent([]Claim{other}) // there is room for one
	if _, needed := c.Needed(first, nil); !needed {
		t.Error("what was forgotten is to be sent again")
	}
}

// TestEarliestIsAlwaysSent: of any touchpoints in any order and requests, with a cache that forgets, the earliest of each pair
// and window is among those sent.
func TestEarliestIsAlwaysSent(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		c, err := New(1 + r.IntN(10))
		if err != nil {
			t.Fatal(err)
		}
		earliest, sent := map[string]int64{}, map[string]int64{}
		keep := func(m map[string]int64, name string, at int64) {
			if old, ok := m[name]; !ok || at < old {
				m[name] = at
			}
		}
		for range 50 {
			var pending []Claim
			arrived := map[string][]int64{}
			for range 1 + r.IntN(10) {
				tp := touch("track", fmt.Sprint("a", r.IntN(2)), fmt.Sprint("u", r.IntN(2)), r.Int64N(30*minute))
				name := fmt.Sprint(tp.AnonymousId, tp.UserId, touchpoint.Window(tp.OccurredAt))
				claim, needed := c.Needed(tp, pending)
				arrived[name] = append(arrived[name], tp.OccurredAt)
				if needed {
					pending = append(pending, claim)
					keep(sent, name, tp.OccurredAt)
				}
			}
			for name, times := range arrived {
				for _, at := range times {
					keep(earliest, name, at)
				}
			}
			c.Sent(pending)
		}
		for name, at := range earliest {
			if got, ok := sent[name]; !ok || got != at {
				t.Fatalf("seed %d: %s: earliest sent at %d, want %d", seed, name, got, at)
			}
		}
	}
}

func BenchmarkNeeded(b *testing.B) {
	c, err := New(100_000)
	if err != nil {
		b.Fatal(err)
	}
	tp := touch("track", "0f8fad5b-d9cb-469f-a165-70867728950e", "customer-4711", 1_700_000_000_000)
	claim, _ := c.Needed(tp, nil)
	c.Sent([]Claim{claim})
	b.ReportAllocs()
	for b.Loop() {
		if _, needed := c.Needed(tp, nil); needed {
			b.Fatal("sent already")
		}
	}
}
