package consume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/segmentio/kafka-go/compress"
)

// Layout of a Kafka record batch, magic 2.
const (
	atLength     = 8
	beforeLength = 12 // bytes that the length does not count
	atMagic      = 16
	atChecksum   = 17
	atAttributes = 21
	atLastDelta  = 23
	atFirstTime  = 27
	atMaxTime    = 35
	atCount      = 57
	atRecords    = 61

	compressed = 7 // the bits of the attributes that name the codec
	appendTime = 1 << 3
	control    = 1 << 5
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maxInflated bounds the records of one batch.
const maxInflated = 256 << 20

var errCutOff = errors.New("records that are cut off")

// read appends the records at or after offset: the first batch may begin before it, the last one may be cut off. When it
// fails, what was read before stays.
func (o *Fetched) read(batches []byte, offset int64) error {
	for len(batches) > atLength+4 {
		size := beforeLength + int(int32(binary.BigEndian.Uint32(batches[atLength:])))
		if size < atRecords {
			return fmt.Errorf("%w: a batch of %d bytes", ErrUnreadable, size)
		}
		if size > len(batches) {
			return nil // it comes whole next time
		}
		base := int64(binary.BigEndian.Uint64(batches))
		if err := o.batch(batches[:size], base, offset); err != nil {
			return fmt.Errorf("%w: batch at offset %d: %w", ErrUnreadable, base, err)
		}
		batches = batches[size:]
	}
	return nil
}

// batch appends the records of one whole batch. Reading goes on behind it even where compaction took its last records.
func (o *Fetched) batch(b []byte, base, offset int64) error {
	if b[atMagic] != 2 {
		return fmt.Errorf("message format %d, not 2", b[atMagic])
	}
	if crc32.Checksum(b[atAttributes:], castagnoli) != binary.BigEndian.Uint32(b[atChecksum:]) {
		return errors.New("wrong checksum")
	}
	next := base + int64(int32(binary.BigEndian.Uint32(b[atLastDelta:]))) + 1
	attributes := binary.BigEndian.Uint16(b[atAttributes:])
	if next > offset && attributes&control == 0 {
		if err := o.records(b, attributes, base, offset); err != nil {
			return err
		}
	}
	o.Next = max(o.Next, next)
	return nil
}

func (o *Fetched) records(b []byte, attributes uint16, base, offset int64) error {
	rest, err := inflate(b[atRecords:], compress.Compression(attributes&compressed))
	if err != nil {
		return err
	}
	count := int(int32(binary.BigEndian.Uint32(b[atCount:])))
	at := int64(binary.BigEndian.Uint64(b[atFirstTime:]))
	if attributes&appendTime != 0 {
		at = int64(binary.BigEndian.Uint64(b[atMaxTime:]))
	}
	for range count {
		size, n := binary.Varint(rest)
		if n <= 0 || size < 0 || size > int64(len(rest)-n) {
			return errCutOff
		}
		f := fields{rest: rest[n : n+int(size)]}
		rest = rest[n+int(size):]
		f.skip(1) // attributes
		delta := f.varint()
		if attributes&appendTime != 0 {
			delta = 0
		}
		r := Record{Time: time.UnixMilli(at + delta), Offset: base + f.varint()}
		f.octets() // key
		if r.Value = f.octets(); f.cutOff {
			return errCutOff
		}
		if r.Offset >= offset {
			o.headers(&r, &f)
			o.Records = append(o.Records, r)
		}
	}
	return nil
}

// inflate gives the records of a batch in memory that nobody else uses.
func inflate(records []byte, c compress.Compression) ([]byte, error) {
	if c == compress.None {
		return records, nil
	}
	codec := c.Codec()
	if codec == nil {
		return nil, fmt.Errorf("unknown compression %d", c)
	}
	r := codec.NewReader(bytes.NewReader(records))
	defer r.Close()
	inflated, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	if err != nil {
		return nil, fmt.Errorf("inflate %s: %w", codec.Name(), err)
	}
	if len(inflated) > maxInflated {
		return nil, fmt.Errorf("inflate %s: more than %d bytes", codec.Name(), maxInflated)
	}
	return inflated, nil
}

// fields takes the fields of a record off it.
type fields struct {
	rest   []byte
	cutOff bool
}

func (f *fields) skip(n int) []byte {
	if n < 0 || n > len(f.rest) {
		f.cutOff, f.rest = true, nil
		return nil
	}
	b := f.rest[:n:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) varint() int64 {
	v, n := binary.Varint(f.rest)
	if n <= 0 {
		n = len(f.rest) + 1
	}
	f.skip(n)
	return v
}

// octets are bytes with their length before them; -1 stands for none.
func (f *fields) octets() []byte {
	n := f.varint()
	if n < 0 {
		return nil
	}
	return f.skip(int(min(n, int64(len(f.rest)+1))))
}
