package store

import (
	"github.com/ClickHouse/ch-go/proto"
)

// offsets are the ends of a column of arrays within its flat values.
type offsets []uint64

func (o *offsets) add(n int) {
	end := uint64(n)
	if k := len(*o); k > 0 {
		end += (*o)[k-1]
	}
	*o = append(*o, end)
}

// cut gives the arrays of flat values.
func cut[T any](o offsets, flat []T) [][]T {
	arrays := make([][]T, len(o))
	start := uint64(0)
	for i, end := range o {
		arrays[i] = flat[start:end:end]
		start = end
	}
	return arrays
}

// numbers is an Array of a fixed width type.
type numbers[R any, T numeric] struct {
	named
	get  func(R) []T
	ends offsets
	flat []T
}

func newNumbers[R any, T numeric](name, chType string, get func(R) []T) *numbers[R, T] {
	return &numbers[R, T]{named: named{name, "Array(" + chType + ")"}, get: get}
}

func (c *numbers[R, T]) fill(rows []R) {
	for _, r := range rows {
		v := c.get(r)
		c.ends.add(len(v))
		c.flat = append(c.flat, v...)
	}
}

func (c *numbers[R, T]) reset() { c.ends, c.flat = c.ends[:0], c.flat[:0] }

func (c *numbers[R, T]) encode(b *proto.Buffer) {
	proto.ColUInt64(c.ends).EncodeColumn(b)
	encodeNumbers(b, c.flat)
}

func (c *numbers[R, T]) values() any { return cut(c.ends, c.flat) }

// words is an Array(LowCardinality(String)).
type words[R any] struct {
	named
	get  func(R) []string
	ends offsets
	flat dictionary
}

func newWords[R any](name string, get func(R) []string) *words[R] {
	return &words[R]{named: named{name, "Array(LowCardinality(String))"}, get: get}
}

func (c *words[R]) fill(rows []R) {
	for _, r := range rows {
		v := c.get(r)
		c.ends.add(len(v))
		for _, w := range v {
			c.flat.append(w)
		}
	}
}

func (c *words[R]) reset() {
	c.ends = c.ends[:0]
	c.flat.reset()
}

func (c *words[R]) encode(b *proto.Buffer) {
	encodeDictionaryState(b)
	proto.ColUInt64(c.ends).EncodeColumn(b)
	c.flat.encode(b)
}

func (c *words[R]) values() any { return cut(c.ends, c.flat.slice()) }
