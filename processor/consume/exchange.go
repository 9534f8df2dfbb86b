package consume

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// fetchVersion is the version of Fetch that is spoken: the newest that kafka-go encodes; brokers from 2.3 on know it.
const fetchVersion = 11

const clientID = "throughline-processor"

// exchange is a fetch whose answer is read in one piece. The library's own decoding copies an answer page by page and
// reads its varints through an interface, which costs more than all that is done with a record afterwards.
type exchange struct{ *fetch.Request }

// Required makes the transport call RawExchange.
func (exchange) Required(map[protocol.ApiKey]int16) bool { return true }

// RawExchange writes the request and reads the answer.
func (x exchange) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	const correlation = 1 // one request at a time on a connection
	if err := protocol.WriteRequest(rw, fetchVersion, correlation, clientID, x.Request); err != nil {
		return nil, err
	}
	var head [8]byte
	if _, err := io.ReadFull(rw, head[:]); err != nil {
		return nil, unexpected(err)
	}
	size := int(int32(binary.BigEndian.Uint32(head[:])))
	if id := binary.BigEndian.Uint32(head[4:]); id != correlation {
		return nil, fmt.Errorf("consume: answer to request %d instead of %d", id, correlation)
	}
	if size < 4 || size > maxAnswerBytes {
		return nil, fmt.Errorf("consume: an answer of %d bytes", size)
	}
	body := make([]byte, size-4)
	if _, err := io.ReadFull(rw, body); err != nil {
		return nil, unexpected(err)
	}
	return readAnswer(body)
}

// maxAnswerBytes is far more than was asked for: a broker gives one batch more at most.
const maxAnswerBytes = 8 * maxFetchBytes

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// answer is what a broker says of one partition. Batches are record batches, the last one perhaps cut off.
type answer struct {
	err                     error
	highWatermark, logStart int64
	batches                 []byte
}

// ApiKey makes it a message.
func (*answer) ApiKey() protocol.ApiKey { return protocol.Fetch }

// readAnswer reads a fetch answer of version 11 for one partition.
func readAnswer(body []byte) (*answer, error) {
	r := reader{body}
	r.skip(4) // throttle time
	if code := r.int16(); code != 0 {
		return &answer{err: kafka.Error(code)}, nil
	}
	r.skip(4) // session
	if topics := r.int32(); topics != 1 && !r.failed() {
		return nil, fmt.Errorf("consume: answer for %d topics", topics)
	}
	r.skip(int(r.int16())) // its name
	if partitions := r.int32(); partitions != 1 && !r.failed() {
		return nil, fmt.Errorf("consume: answer for %d partitions", partitions)
	}
	r.skip(4) // its number
	var a answer
	if code := r.int16(); code != 0 {
		a.err = kafka.Error(code)
	}
	a.highWatermark = r.int64()
	r.skip(8) // last stable offset
	a.logStart = r.int64()
	if aborted := int(r.int32()); aborted > 0 {
		r.skip(16 * aborted)
	}
	r.skip(4) // preferred replica
	if size := int(r.int32()); size > 0 {
		a.batches = r.bytes(size)
	}
	if r.failed() {
		return nil, errors.New("consume: an answer that is cut off")
	}
	return &a, nil
}

// reader takes big-endian values off a message; once it is cut off it gives zeros.
type reader struct{ rest []byte }

func (r *reader) failed() bool { return r.rest == nil }

func (r *reader) bytes(n int) []byte {
	if r.rest == nil || n < 0 || n > len(r.rest) {
		r.rest = nil
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) skip(n int) { r.bytes(n) }

func (r *reader) int16() int16 {
	if b := r.bytes(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (r *reader) int32() int32 {
	if b := r.bytes(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (r *reader) int64() int64 {
	if b := r.bytes(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}
