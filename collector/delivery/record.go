package delivery

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/throughline/throughline/collector/publish"
)

// Record is one Kafka record. Its partition is set on delivery: by the key, or in turn where there is none.
type Record = publish.Record

// ErrOverloaded says that there is more in flight than may be: slow down and send again.
var ErrOverloaded = publish.ErrOverloaded

// lane is one of the topics, as written in frames.
type lane byte

const (
	laneTouchpoints lane = iota
	laneRejected
	lanes
)

// frameVersion begins each frame: version, lane, length of the key, key, value. The partition is left out, because
// the topic may have more of them when the frame is sent.
const frameVersion = 1

var errFrame = errors.New("not a frame of this version")

// appendFrame encodes a record for the spool.
func appendFrame(b []byte, to lane, r Record) []byte {
	b = append(b, frameVersion, byte(to))
	b = binary.AppendUvarint(b, uint64(len(r.Key)))
	return append(append(b, r.Key...), r.Value...)
}

// parseFrame gives the record that aliases b.
func parseFrame(b []byte) (lane, Record, error) {
	if len(b) < 3 || b[0] != frameVersion || lane(b[1]) >= lanes {
		return 0, Record{}, errFrame
	}
	keyLength, n := binary.Uvarint(b[2:])
	rest := b[2+max(n, 0):]
	if n <= 0 || keyLength > uint64(len(rest)) {
		return 0, Record{}, fmt.Errorf("%w: key of %d bytes", errFrame, keyLength)
	}
	return lane(b[1]), Record{Key: rest[:keyLength:keyLength], Value: rest[keyLength:]}, nil
}
