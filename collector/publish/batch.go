package publish

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"time"
)

// Layout of an encoded batch (Kafka record batch, magic 2), behind the four size bytes that a raw record set starts
// with. The checksum covers everything from the attributes on.
const (
	atBaseOffset  = 4
	atLength      = 12
	atLeaderEpoch = 16
	atMagic       = 20
	atChecksum    = 21
	atAttributes  = 25
	atLastDelta   = 27
	atFirstTime   = 31
	atMaxTime     = 39
	atProducer    = 47
	atEpoch       = 55
	atSequence    = 57
	atCount       = 61
	headerSize    = 65
)

// recordOverhead is what a record takes beside its key, its value and its headers at most: six varints of up to
// five bytes, and the attributes.
const recordOverhead = 31

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// batch is the records that go to one partition in one request, encoded as they are added.
type batch struct {
	buf      []byte
	records  int32
	born     time.Time // when its first record came
	first    int64     // time of the first record, Unix ms
	last     int64     // greatest time, Unix ms
	calls    []*call   // everyone who waits for it
	reserved int64     // bytes of admission it holds
	codec    codec
	packed   bool // compressed already
	owner    session
	sequence int32
	sealed   bool
	// exposed means that an attempt failed: its connection may still be reading buf, so buf is not written again.
	exposed bool
}

// add appends one record. now is Unix ms.
func (b *batch) add(r *Record, now int64) {
	if b.records == 0 {
		b.first, b.last = now, now
	}
	b.last = max(b.last, now)
	timeDelta, keyLen := now-b.first, int64(len(r.Key))
	if r.Key == nil {
		keyLen = -1
	}
	size := 1 + varintSize(timeDelta) + varintSize(int64(b.records)) + varintSize(keyLen) + len(r.Key) +
		varintSize(int64(len(r.Value))) + len(r.Value) + headersSize(r)
	buf := binary.AppendVarint(b.buf, int64(size))
	buf = append(buf, 0)
	buf = binary.AppendVarint(buf, timeDelta)
	buf = binary.AppendVarint(buf, int64(b.records))
	buf = binary.AppendVarint(buf, keyLen)
	buf = append(buf, r.Key...)
	buf = binary.AppendVarint(buf, int64(len(r.Value)))
	buf = append(buf, r.Value...)
	b.buf = appendHeaders(buf, r)
	b.records++
}

// varintSize is the length of v as a zigzag varint.
func varintSize(v int64) int {
	zigzag := uint64(v)<<1 ^ uint64(v>>63)
	return (bits.Len64(zigzag|1) + 6) / 7
}

// seal writes the header for one producer session and sequence. It may be called again with another session.
func (b *batch) seal(owner session, sequence int32) error {
	if !b.packed {
		packed, err := b.codec.pack(b.buf)
		if err != nil {
			return err
		}
		b.buf, b.packed = packed, true
	} else if b.exposed {
		b.buf = append([]byte(nil), b.buf...)
	}
	b.owner, b.sequence, b.sealed = owner, sequence, true
	buf := b.buf
	binary.BigEndian.PutUint32(buf, uint32(len(buf)-atBaseOffset))
	binary.BigEndian.PutUint64(buf[atBaseOffset:], 0)
	binary.BigEndian.PutUint32(buf[atLength:], uint32(len(buf)-atLeaderEpoch))
	binary.BigEndian.PutUint32(buf[atLeaderEpoch:], 0xffffffff)
	buf[atMagic] = 2
	binary.BigEndian.PutUint16(buf[atAttributes:], uint16(b.codec.attribute))
	binary.BigEndian.PutUint32(buf[atLastDelta:], uint32(b.records-1))
	binary.BigEndian.PutUint64(buf[atFirstTime:], uint64(b.first))
	binary.BigEndian.PutUint64(buf[atMaxTime:], uint64(b.last))
	binary.BigEndian.PutUint64(buf[atProducer:], uint64(owner.id))
	binary.BigEndian.PutUint16(buf[atEpoch:], uint16(owner.epoch))
	binary.BigEndian.PutUint32(buf[atSequence:], uint32(sequence))
	binary.BigEndian.PutUint32(buf[atCount:], uint32(b.records))
	binary.BigEndian.PutUint32(buf[atChecksum:], crc32.Checksum(buf[atAttributes:], castagnoli))
	return nil
}

// settle gives the outcome to everyone who waits.
func (b *batch) settle(err error) {
	for i, c := range b.calls {
		c.settle(err)
		b.calls[i] = nil
	}
	b.calls = b.calls[:0]
}
