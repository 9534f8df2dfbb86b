package publish

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/rawproduce"
)

// produceVersion is the version of Produce that is spoken: the newest that kafka-go encodes; brokers from 2.4 on know it.
const produceVersion = 8

// exchange is a produce request that is written as it lies in memory: the library would copy each batch into pages first,
// and read the answer by reflection. The embedded request tells the transport which broker it is for.
type exchange struct {
	*rawproduce.Request
	clientID string
	batches  [][]byte // a record set, with its size before it, for each partition of the request
}

// Required makes the transport call RawExchange.
func (*exchange) Required(map[protocol.ApiKey]int16) bool { return true }

// RawExchange writes the request and reads the answer.
func (x *exchange) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if err := x.write(rw); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(rw, size[:]); err != nil {
		return nil, unexpected(err)
	}
	n := int(int32(binary.BigEndian.Uint32(size[:])))
	if n < 4 || n > maxAnswerBytes {
		return nil, fmt.Errorf("publish: an answer of %d bytes", n)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(rw, body); err != nil {
		return nil, unexpected(err)
	}
	return readAnswer(body)
}

// maxAnswerBytes is far more than an answer has.
const maxAnswerBytes = 1 << 20

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

const correlation = 1 // one request at a time on a connection

// requests are buffers of whole requests, so that each goes out in one piece.
var requests = sync.Pool{New: func() any { return new([]byte) }}

func (x *exchange) write(w io.Writer) error {
	buffer := requests.Get().(*[]byte)
	defer requests.Put(buffer)
	b := append((*buffer)[:0], 0, 0, 0, 0) // the size comes last
	b = binary.BigEndian.AppendUint16(b, uint16(protocol.Produce))
	b = binary.BigEndian.AppendUint16(b, produceVersion)
	b = binary.BigEndian.AppendUint32(b, correlation)
	b = appendText(b, x.clientID)
	b = binary.BigEndian.AppendUint16(b, 0xffff) // no transaction
	b = binary.BigEndian.AppendUint16(b, uint16(x.Acks))
	b = binary.BigEndian.AppendUint32(b, uint32(x.Timeout))
	b = binary.BigEndian.AppendUint32(b, 1)
	b = appendText(b, x.Topics[0].Topic)
	b = binary.BigEndian.AppendUint32(b, uint32(len(x.batches)))
	for i, batch := range x.batches {
		b = binary.BigEndian.AppendUint32(b, uint32(x.Topics[0].Partitions[i].Partition))
		b = append(b, batch...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	*buffer = b
	_, err := w.Write(b)
	return err
}

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// answer is what a broker says of each partition of a request.
type answer struct {
	partitions []int32
	codes      []int16
}

// ApiKey makes it a message.
func (*answer) ApiKey() protocol.ApiKey { return protocol.Produce }

// of gives the outcome of one partition.
func (a *answer) of(partition int32) error {
	for i, p := range a.partitions {
		switch {
		case p == partition && a.codes[i] != 0:
			return kafka.Error(a.codes[i])
		case p == partition:
			return nil
		}
	}
	return errNoAnswer
}

// readAnswer reads a produce answer of version 8, from its correlation id on.
func readAnswer(body []byte) (*answer, error) {
	r := reader{body}
	if id := r.uint32(); id != correlation {
		return nil, fmt.Errorf("publish: answer to request %d instead of %d", id, correlation)
	}
	a := new(answer)
	for range r.count() {
		r.text()
		for range r.count() {
			a.partitions = append(a.partitions, int32(r.uint32()))
			a.codes = append(a.codes, int16(r.uint16()))
			r.skip(3 * 8) // base offset, time, log start
			for range r.count() {
				r.skip(4)
				r.text()
			}
			r.text()
		}
	}
	if r.rest == nil {
		return nil, errors.New("publish: an answer that is cut off")
	}
	return a, nil
}

// reader takes big-endian values off a message; once it is cut off, rest is nil and all is zero.
type reader struct{ rest []byte }

func (r *reader) skip(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.rest = nil
		return nil
	}
	b := r.rest[:n]
	if r.rest != nil {
		r.rest = r.rest[n:]
	}
	return b
}

func (r *reader) uint16() uint16 {
	if b := r.skip(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.skip(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// count is the length of a list; no list has more elements than bytes.
func (r *reader) count() int {
	n := int(int32(r.uint32()))
	if n > len(r.rest) {
		r.rest = nil
	}
	if r.rest == nil {
		return 0
	}
	return max(n, 0)
}

// text skips a text; the length of none is -1.
func (r *reader) text() { r.skip(max(int(int16(r.uint16())), 0)) }
