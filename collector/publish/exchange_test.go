package publish

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/produce"
	"github.com/segmentio/kafka-go/protocol/rawproduce"
)

// duplex is a connection on which the answer has already come.
type duplex struct {
	written bytes.Buffer
	io.Reader
}

func (d *duplex) Write(p []byte) (int, error) { return d.written.Write(p) }

func answered(t testing.TB, partitions ...produce.ResponsePartition) []byte {
	t.Helper()
	var b bytes.Buffer
	err := protocol.WriteResponse(&b, produceVersion, correlation, &produce.Response{
		Topics: []produce.ResponseTopic{{Topic: "t", Partitions: partitions}}, ThrottleTimeMs: 7,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestExchangeIsWhatTheLibraryWrites: the same request, byte for byte, and its answer read alike.
func TestExchangeIsWhatTheLibraryWrites(t *testing.T) {
	sets := [][]byte{[]byte("\x00\x00\x00\x05first"), []byte("\x00\x00\x00\x06second")}
	topic := rawproduce.RequestTopic{Topic: "touchpoints"}
	for i, set := range sets {
		topic.Partitions = append(topic.Partitions, rawproduce.RequestPartition{
			Partition: int32(3 + i), RecordSet: protocol.RawRecordSet{Reader: bytes.NewReader(set)},
		})
	}
	request := &rawproduce.Request{Acks: -1, Timeout: 9000, Topics: []rawproduce.RequestTopic{topic}}
	var want bytes.Buffer
	if err := protocol.WriteRequest(&want, produceVersion, correlation, "someone", request); err != nil {
		t.Fatal(err)
	}
	conn := &duplex{Reader: bytes.NewReader(answered(t,
		produce.ResponsePartition{Partition: 3, BaseOffset: 17},
		produce.ResponsePartition{
			Partition: 4, ErrorCode: int16(kafka.NotLeaderForPartition), ErrorMessage: "moved",
			RecordErrors: []produce.ResponseError{{BatchIndex: 1, BatchIndexErrorMessage: "odd"}, {BatchIndex: 2}},
		},
	))}
	got, err := (&exchange{Request: request, clientID: "someone", batches: sets}).RawExchange(conn)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(conn.written.Bytes(), want.Bytes()) {
		t.Errorf("request\n%x, the library writes\n%x", conn.written.Bytes(), want.Bytes())
	}
	a := got.(*answer)
	if err := a.of(3); err != nil {
		t.Errorf("partition 3: %v", err)
	}
	if err := a.of(4); !errors.Is(err, kafka.NotLeaderForPartition) {
		t.Errorf("partition 4: %v", err)
	}
	if err := a.of(5); !errors.Is(err, errNoAnswer) {
		t.Errorf("partition 5: %v", err)
	}
}

func TestAnswersThatAreCutOffAreErrors(t *testing.T) {
	whole := answered(t, produce.ResponsePartition{Partition: 1, ErrorMessage: "moved"})
	for n := range len(whole) {
		conn := &duplex{Reader: bytes.NewReader(whole[:n])}
		request := &rawproduce.Request{Topics: []rawproduce.RequestTopic{{Topic: "t"}}}
		if _, err := (&exchange{Request: request}).RawExchange(conn); err == nil {
			t.Errorf("%d of %d bytes are an answer", n, len(whole))
		}
	}
}

// FuzzAnswer: an answer is read, or refused.
func FuzzAnswer(f *testing.F) {
	f.Add(answered(f, produce.ResponsePartition{Partition: 1, ErrorMessage: "moved"})[4:])
	f.Fuzz(func(t *testing.T, body []byte) {
		if a, err := readAnswer(body); err == nil && a == nil {
			t.Error("neither answer nor error")
		}
	})
}
