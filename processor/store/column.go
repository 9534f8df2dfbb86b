package store

import (
	"encoding/binary"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/uuid"
)

// column is one column of an INSERT while it is filled. R is the row.
type column[R any] interface {
	name() string
	chType() string
	// fill appends the rows' values.
	fill(rows []R)
	reset()
	// encode appends the column's data in Native format, without name and type.
	encode(b *proto.Buffer)
	// values is the column as a slice that clickhouse-go's Append takes.
	values() any
}

type named struct{ column, kind string }

func (n named) name() string   { return n.column }
func (n named) chType() string { return n.kind }

// text is a String.
type text[R any] struct {
	named
	get  func(R) string
	vals []string
}

func newText[R any](name string, get func(R) string) *text[R] {
	return &text[R]{named: named{name, "String"}, get: get}
}

func (c *text[R]) fill(rows []R) {
	for _, r := range rows {
		c.vals = append(c.vals, c.get(r))
	}
}

func (c *text[R]) reset() { clear(c.vals); c.vals = c.vals[:0] }

func (c *text[R]) encode(b *proto.Buffer) {
	for _, v := range c.vals {
		putText(b, v)
	}
}

func (c *text[R]) values() any { return c.vals }

// octets is a String of bytes.
type octets[R any] struct {
	named
	get  func(R) []byte
	vals [][]byte
}

func newOctets[R any](name string, get func(R) []byte) *octets[R] {
	return &octets[R]{named: named{name, "String"}, get: get}
}

func (c *octets[R]) fill(rows []R) {
	for _, r := range rows {
		c.vals = append(c.vals, c.get(r))
	}
}

func (c *octets[R]) reset() { clear(c.vals); c.vals = c.vals[:0] }

func (c *octets[R]) encode(b *proto.Buffer) {
	for _, v := range c.vals {
		putText(b, v)
	}
}

func (c *octets[R]) values() any { return c.vals }

// ids is a UUID.
type ids[R any] struct {
	named
	get  func(R) [16]byte
	vals []uuid.UUID
}

func newID[R any](name string, get func(R) [16]byte) *ids[R] {
	return &ids[R]{named: named{name, "UUID"}, get: get}
}

func (c *ids[R]) fill(rows []R) {
	for _, r := range rows {
		c.vals = append(c.vals, c.get(r))
	}
}

func (c *ids[R]) reset()                 { c.vals = c.vals[:0] }
func (c *ids[R]) encode(b *proto.Buffer) { proto.ColUUID(c.vals).EncodeColumn(b) }
func (c *ids[R]) values() any            { return c.vals }

// putText is proto.Buffer.PutString for either kind of text, quicker for short ones.
func putText[T string | []byte](b *proto.Buffer, v T) {
	if len(v) < 0x80 {
		b.Buf = append(b.Buf, byte(len(v)))
	} else {
		b.Buf = binary.AppendUvarint(b.Buf, uint64(len(v)))
	}
	b.Buf = append(b.Buf, v...)
}
