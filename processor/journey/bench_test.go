package journey

import (
	"math/rand/v2"
	"testing"
)

func benchTouches(n int) *Set {
	r := rand.New(rand.NewPCG(7, 7))
	set := &Set{}
	at := int64(1_700_000_000_000)
	for i := range n {
		at += r.Int64N(20 * minute)
		t := touch(r, i, at)
		set.Add(&t)
	}
	set.Sort()
	return set
}

// BenchmarkBuild reports nanoseconds for a customer of ten touches.
func BenchmarkBuild(b *testing.B) {
	set := benchTouches(10)
	o := Options{SessionGap: 30 * minute, JourneyTimeout: 30 * day, RepeatIsLoyalty: true}
	builder := NewBuilder(&o)
	var rows Rows
	b.ReportAllocs()
	for b.Loop() {
		builder.Build(customer, set, &rows)
	}
}

// BenchmarkStep is what one new touch costs a customer of ten: build before, unite, build after, difference.
func BenchmarkStep(b *testing.B) {
	full := benchTouches(11)
	o := Options{SessionGap: 30 * minute, JourneyTimeout: 30 * day, RepeatIsLoyalty: true}
	builder := NewBuilder(&o)
	var before, after, out Rows
	b.ReportAllocs()
	for b.Loop() {
		var set Set
		out.Reset()
		set.Reset(append([]Touch(nil), full.Touches[:10]...), 0)
		builder.Build(customer, &set, &before)
		set.Add(&full.Touches[10])
		set.Sort()
		builder.Build(customer, &set, &after)
		Diff(&before, &after, &out)
	}
}
