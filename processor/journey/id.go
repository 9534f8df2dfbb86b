package journey

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// The tags keep the ids of a session, a journey and a transition apart that begin with one touch.
const (
	tagSession    = 's'
	tagJourney    = 'j'
	tagTransition = 't'
)

// namer makes ids for one customer: xxh3-128 over tag, customer key, 0x00, time and message id of the touch that
// the thing begins with, marked as a UUID of version 8. The touch's time is part of it, so that a column derived
// from that time is fixed by the id.
type namer struct {
	buf    []byte
	prefix int
}

func (n *namer) reset(c touchpoint.Customer) {
	n.buf = append(n.buf[:0], 0)
	n.buf = append(c.AppendKey(n.buf), 0)
	n.prefix = len(n.buf)
}

func (n *namer) id(tag byte, t *Touch) ID {
	n.buf[0] = tag
	b := binary.BigEndian.AppendUint64(n.buf[:n.prefix], uint64(t.OccurredAt))
	b = append(b, t.MessageID...)
	n.buf = b
	id := ID(xxh3.Hash128(b).Bytes())
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}
