package store

import (
	"math"

	"github.com/ClickHouse/ch-go/proto"
)

// dictionary encodes a LowCardinality(String): each distinct value once, and a key a row.
type dictionary struct {
	keys  []uint32
	words []string
	index map[string]uint32
	// Values come in runs, and often as the very same few.
	last    string
	lastKey uint32
}

func (d *dictionary) append(v string) {
	if len(d.keys) > 0 && v == d.last {
		d.keys = append(d.keys, d.lastKey)
		return
	}
	key, ok := d.index[v]
	if !ok {
		if d.index == nil {
			d.index = make(map[string]uint32)
		}
		key = uint32(len(d.words))
		d.index[v] = key
		d.words = append(d.words, v)
	}
	d.last, d.lastKey = v, key
	d.keys = append(d.keys, key)
}

func (d *dictionary) reset() {
	clear(d.index)
	clear(d.words)
	d.keys, d.words, d.last, d.lastKey = d.keys[:0], d.words[:0], "", 0
}

// The header of the serialized form: version of the keys, and that the dictionary comes with the block.
const (
	dictionaryVersion = 1
	dictionaryInBlock = 1<<9 | 1<<10
)

func encodeDictionaryState(b *proto.Buffer) { b.PutUInt64(dictionaryVersion) }

func (d *dictionary) encode(b *proto.Buffer) {
	if len(d.keys) == 0 {
		return
	}
	width := proto.KeyUInt32
	switch {
	case len(d.words) <= math.MaxUint8:
		width = proto.KeyUInt8
	case len(d.words) <= math.MaxUint16:
		width = proto.KeyUInt16
	}
	b.PutUInt64(dictionaryInBlock | uint64(width))
	b.PutUInt64(uint64(len(d.words)))
	for _, w := range d.words {
		b.PutString(w)
	}
	b.PutUInt64(uint64(len(d.keys)))
	d.encodeKeys(b, width)
}

func (d *dictionary) encodeKeys(b *proto.Buffer, width proto.CardinalityKey) {
	switch width {
	case proto.KeyUInt8:
		for _, k := range d.keys {
			b.Buf = append(b.Buf, byte(k))
		}
	case proto.KeyUInt16:
		for _, k := range d.keys {
			b.Buf = append(b.Buf, byte(k), byte(k>>8))
		}
	default:
		proto.ColUInt32(d.keys).EncodeColumn(b)
	}
}

func (d *dictionary) slice() []string {
	vals := make([]string, len(d.keys))
	for i, k := range d.keys {
		vals[i] = d.words[k]
	}
	return vals
}

// word is a LowCardinality(String).
type word[R any] struct {
	named
	get func(R) string
	dictionary
}

func newWord[R any](name string, get func(R) string) *word[R] {
	return &word[R]{named: named{name, "LowCardinality(String)"}, get: get}
}

func (c *word[R]) fill(rows []R) {
	for _, r := range rows {
		c.append(c.get(r))
	}
}

func (c *word[R]) encode(b *proto.Buffer) {
	encodeDictionaryState(b)
	c.dictionary.encode(b)
}

func (c *word[R]) values() any { return c.slice() }
