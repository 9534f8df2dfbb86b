package publish

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// golden is the batch of TestGoldenBatch; TestOthersReadTheBatch has other programs read the same one.
const golden = "0000005e" + // size of the raw record set
	"0000000000000000" + "00000052" + "ffffffff" + "02" + "2c514f6e" + // base offset, length, leader epoch, magic, checksum
	"0000" + "00000002" + "000000000000000a" + "000000000000000c" + // attributes, last delta, first and greatest time
	"0000000000001234" + "0007" + "0000002a" + "00000003" + // producer, epoch, sequence, count
	"22" + "00" + "00" + "00" + "04" + "0102" + "12" + "68c3a96c6c6f202121" + "00" + // key 0102, value "héllo !!"
	"0c" + "00" + "04" + "02" + "01" + "00" + "00" + // two ms later, no key, empty value
	"0e" + "00" + "01" + "04" + "00" + "02" + "78" + "00" // one ms earlier than the first

func goldenRecords() []Record {
	return []Record{{Key: []byte{1, 2}, Value: []byte("héllo !!")}, {Value: []byte{}}, {Key: []byte{}, Value: []byte("x")}}
}

func encode(t *testing.T, compression string, records []Record, times []int64) []byte {
	t.Helper()
	codec, err := codecOf(compression)
	if err != nil {
		t.Fatal(err)
	}
	b := &batch{buf: make([]byte, headerSize), codec: codec}
	for i := range records {
		b.add(&records[i], times[i])
	}
	if err := b.seal(session{id: 0x1234, epoch: 7, valid: true}, 42); err != nil {
		t.Fatal(err)
	}
	return b.buf
}

func TestGoldenBatch(t *testing.T) {
	got := hex.EncodeToString(encode(t, "none", goldenRecords(), []int64{10, 12, 9}))
	if got != golden {
		t.Errorf("batch\n%s, want\n%s", got, golden)
	}
}

func TestOthersReadTheBatch(t *testing.T) {
	for _, compression := range []string{"none", "lz4", "zstd"} {
		raw := encode(t, compression, goldenRecords(), []int64{10, 12, 9})
		want := "10 0102 héllo !!|12 nil |9  x"

		var theirs kmsg.RecordBatch
		if err := theirs.ReadFrom(raw[4:]); err != nil {
			t.Fatal(err)
		}
		if theirs.ProducerID != 0x1234 || theirs.ProducerEpoch != 7 || theirs.FirstSequence != 42 {
			t.Errorf("%s: franz-go reads producer %d, epoch %d, sequence %d", compression, theirs.ProducerID, theirs.ProducerEpoch, theirs.FirstSequence)
		}
		records, err := kfake.BatchRecords(theirs)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range records {
			got = append(got, show(theirs.FirstTimestamp+r.TimestampDelta64, r.Key, r.Value))
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%s: franz-go reads %q, want %q", compression, s, want)
		}

		var set protocol.RecordSet
		if _, err := set.ReadFrom(bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
		if s := strings.Join(kafkaGo(t, set.Records), "|"); s != want {
			t.Errorf("%s: kafka-go reads %q, want %q", compression, s, want)
		}
	}
}

func kafkaGo(t *testing.T, records protocol.RecordReader) (got []string) {
	t.Helper()
	for {
		r, err := records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		key, errKey := protocol.ReadAll(r.Key)
		value, errValue := protocol.ReadAll(r.Value)
		if errKey != nil || errValue != nil {
			t.Fatal(errKey, errValue)
		}
		got = append(got, show(r.Time.UnixMilli(), key, value))
	}
}

func show(at int64, key, value []byte) string {
	if key == nil {
		return fmt.Sprintf("%d nil %s", at, value)
	}
	return fmt.Sprintf("%d %x %s", at, key, value)
}

func TestSealAgainLeavesBytesAloneThatAreBeingSent(t *testing.T) {
	b := &batch{buf: make([]byte, headerSize)}
	b.add(&Record{Value: []byte("v")}, 1)
	if err := b.seal(session{id: 1, valid: true}, 5); err != nil {
		t.Fatal(err)
	}
	sent, before := b.buf, bytes.Clone(b.buf)
	b.exposed = true
	if err := b.seal(session{id: 2, valid: true}, 0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sent, before) {
		t.Error("bytes of the first attempt changed")
	}
	if bytes.Equal(b.buf, before) {
		t.Error("the second attempt has the first producer id")
	}
}

func TestSequenceWrapsAround(t *testing.T) {
	p, err := New(Config{Brokers: []string{"b:9092"}, Topic: "t"}, Dependencies{})
	if err != nil {
		t.Fatal(err)
	}
	q := newPartition(p, 0, false)
	q.sequence = math.MaxInt32 - 1
	q.delivered(&batch{records: 3})
	if q.sequence != 1 { // …46, …47, 0
		t.Errorf("sequence %d", q.sequence)
	}
}

func TestVarintSize(t *testing.T) {
	for _, v := range []int64{0, -1, 1, 63, 64, -64, -65, 8191, 8192, math.MaxInt64, math.MinInt64} {
		if got, want := varintSize(v), len(binary.AppendVarint(nil, v)); got != want {
			t.Errorf("%d: %d bytes, want %d", v, got, want)
		}
	}
}
