package store

import (
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/shopspring/decimal"
)

type numeric interface {
	uint8 | uint16 | uint32 | uint64 | int32 | int64 | float64 | bool
}

// number is a column of fixed width: the integers, Float64, Bool, and the times, which are integers.
type number[R any, T numeric] struct {
	named
	get  func(R) T
	vals []T
}

const (
	typeMillis = "DateTime64(3, 'UTC')"
	typeMicros = "DateTime64(6, 'UTC')"
)

func newNumber[R any, T numeric](name, chType string, get func(R) T) *number[R, T] {
	return &number[R, T]{named: named{name, chType}, get: get}
}

func newUInt8[R any](name string, get func(R) uint8) column[R] { return newNumber(name, "UInt8", get) }
func newUInt16[R any](name string, get func(R) uint16) column[R] {
	return newNumber(name, "UInt16", get)
}
func newUInt32[R any](name string, get func(R) uint32) column[R] {
	return newNumber(name, "UInt32", get)
}
func newUInt64[R any](name string, get func(R) uint64) column[R] {
	return newNumber(name, "UInt64", get)
}
func newInt32[R any](name string, get func(R) int32) column[R] { return newNumber(name, "Int32", get) }
func newInt64[R any](name string, get func(R) int64) column[R] { return newNumber(name, "Int64", get) }
func newBool[R any](name string, get func(R) bool) column[R]   { return newNumber(name, "Bool", get) }

func newFloat64[R any](name string, get func(R) float64) column[R] {
	return newNumber(name, "Float64", get)
}

// newMillis is a time in Unix milliseconds.
func newMillis[R any](name string, get func(R) int64) column[R] {
	return newNumber(name, typeMillis, get)
}

func (c *number[R, T]) fill(rows []R) {
	for _, r := range rows {
		c.vals = append(c.vals, c.get(r))
	}
}

func (c *number[R, T]) reset()                 { c.vals = c.vals[:0] }
func (c *number[R, T]) encode(b *proto.Buffer) { encodeNumbers(b, c.vals) }
func (c *number[R, T]) values() any            { return c.vals }

func encodeNumbers[T numeric](b *proto.Buffer, vals []T) {
	switch v := any(vals).(type) {
	case []uint8:
		b.PutRaw(v)
	case []uint16:
		proto.ColUInt16(v).EncodeColumn(b)
	case []uint32:
		proto.ColUInt32(v).EncodeColumn(b)
	case []uint64:
		proto.ColUInt64(v).EncodeColumn(b)
	case []int32:
		proto.ColInt32(v).EncodeColumn(b)
	case []int64:
		proto.ColInt64(v).EncodeColumn(b)
	case []float64:
		proto.ColFloat64(v).EncodeColumn(b)
	case []bool:
		proto.ColBool(v).EncodeColumn(b)
	}
}

// money is a Decimal(18, 4), given in 1/10,000.
type money[R any] struct{ number[R, int64] }

func newMoney[R any](name string, get func(R) int64) *money[R] {
	return &money[R]{*newNumber(name, "Decimal(18, 4)", get)}
}

func (c *money[R]) values() any {
	vals := make([]decimal.Decimal, len(c.vals))
	for i, v := range c.vals {
		vals[i] = decimal.New(v, -4)
	}
	return vals
}

// micros is a time in Unix microseconds. The driver takes plain integers for milliseconds.
type micros[R any] struct{ number[R, int64] }

func newMicros[R any](name string, get func(R) int64) *micros[R] {
	return &micros[R]{*newNumber(name, typeMicros, get)}
}

func (c *micros[R]) values() any {
	vals := make([]time.Time, len(c.vals))
	for i, v := range c.vals {
		vals[i] = time.UnixMicro(v)
	}
	return vals
}
