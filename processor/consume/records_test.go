package consume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/compress"
	"github.com/segmentio/kafka-go/protocol"
)

// encoded is a batch as the library writes it: records value-0 … value-(n-1) from an offset on.
func encoded(t testing.TB, base int64, n int, codec compress.Compression) []byte {
	t.Helper()
	records := make([]protocol.Record, n)
	for i := range records {
		records[i] = protocol.Record{
			Time: time.UnixMilli(1_700_000_000_000 + int64(i)), Key: protocol.NewBytes([]byte{0, byte(i)}),
			Value:   protocol.NewBytes(fmt.Appendf(nil, "value-%d", i)),
			Headers: []protocol.Header{{Key: "traceparent", Value: []byte("00-01")}},
		}
	}
	set := protocol.RecordSet{Version: 2, Attributes: protocol.Attributes(codec), Records: protocol.NewRecordReader(records...)}
	var b bytes.Buffer
	if _, err := set.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	batch := b.Bytes()[4:] // the size of the set
	binary.BigEndian.PutUint64(batch, uint64(base))
	return batch
}

// sealed gives a changed batch a right checksum again.
func sealed(batch []byte) []byte {
	binary.BigEndian.PutUint32(batch[atChecksum:], crc32.Checksum(batch[atAttributes:], castagnoli))
	return batch
}

func TestReadsWhatTheLibraryWrites(t *testing.T) {
	for _, codec := range []compress.Compression{compress.None, compress.Gzip, compress.Snappy, compress.Lz4, compress.Zstd} {
		answer := append(encoded(t, 10, 3, codec), encoded(t, 20, 2, codec)...)
		answer = append(answer, encoded(t, 30, 5, codec)[:40]...) // cut off
		o := Fetched{Next: 11}
		if err := o.read(answer, 11); err != nil {
			t.Fatalf("%s: %v", codec, err)
		}
		var got []string
		for _, r := range o.Records {
			got = append(got, fmt.Sprintf("%d=%s@%d", r.Offset, r.Value, r.Time.UnixMilli()%1000))
		}
		if want := "11=value-1@1 12=value-2@2 20=value-0@0 21=value-1@1"; strings.Join(got, " ") != want || o.Next != 22 {
			t.Errorf("%s: %v, next %d; want %s, next 22", codec, got, o.Next, want)
		}
	}
}

// TestGoesOnBehindHoles: compaction takes records away and leaves the batch's last offset; control batches hold no records
// for us.
func TestGoesOnBehindHoles(t *testing.T) {
	compacted := encoded(t, 5, 2, compress.None)
	binary.BigEndian.PutUint32(compacted[atLastDelta:], 9)
	marker := encoded(t, 15, 1, compress.None)
	marker[atAttributes+1] |= control
	o := Fetched{Next: 5}
	if err := o.read(append(sealed(compacted), sealed(marker)...), 5); err != nil {
		t.Fatal(err)
	}
	if len(o.Records) != 2 || o.Next != 16 {
		t.Errorf("%d records, next %d; want 2 and 16", len(o.Records), o.Next)
	}
}

func TestSaysWhatIsWrongWithABatch(t *testing.T) {
	for what, change := range map[string]func([]byte) []byte{
		"checksum":  func(b []byte) []byte { b[len(b)-1]++; return b },
		"format 1":  func(b []byte) []byte { b[atMagic] = 1; return b },
		"cut off":   func(b []byte) []byte { binary.BigEndian.PutUint32(b[atCount:], 1000); return sealed(b) },
		"bytes":     func(b []byte) []byte { binary.BigEndian.PutUint32(b[atLength:], 3); return b },
		"unknown":   func(b []byte) []byte { b[atAttributes+1] |= 7; return sealed(b) },
		"inflate":   func(b []byte) []byte { b[atAttributes+1] |= byte(compress.Zstd); return sealed(b) },
		"offset 20": func(b []byte) []byte { b[atRecords] = 0x80; return sealed(b) },
	} {
		o := Fetched{Next: 10}
		err := o.read(append(encoded(t, 10, 2, compress.None), change(encoded(t, 20, 2, compress.None))...), 10)
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: error %v", what, err)
		}
		if o.Next != 12 || len(o.Records) < 2 {
			t.Errorf("%s: what came before is lost: %d records, next %d", what, len(o.Records), o.Next)
		}
	}
}

// FuzzRead: no answer of a broker makes it panic, and offsets only grow.
func FuzzRead(f *testing.F) {
	for _, codec := range []compress.Compression{compress.None, compress.Snappy} {
		f.Add(encoded(f, 0, 3, codec))
	}
	f.Fuzz(func(t *testing.T, batches []byte) {
		if len(batches) > atRecords {
			sealed(batches)
		}
		o := Fetched{Next: 1}
		_ = o.read(batches, 1)
		for _, r := range o.Records {
			if r.Offset < 1 {
				t.Errorf("offset %d", r.Offset)
			}
		}
		if o.Next < 1 {
			t.Errorf("next %d", o.Next)
		}
	})
}

// FuzzAnswer: an answer is read, or refused.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,
		0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 1, 2})
	f.Fuzz(func(t *testing.T, body []byte) {
		if a, err := readAnswer(body); err == nil && a == nil {
			t.Error("neither answer nor error")
		}
	})
}

func TestReadsAnAnswer(t *testing.T) {
	body := []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,
		0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 1, 2}
	a, err := readAnswer(body)
	if err != nil || a.highWatermark != 9 || a.logStart != 3 || !bytes.Equal(a.batches, []byte{1, 2}) || a.err != nil {
		t.Errorf("%+v, %v", a, err)
	}
	for n := range len(body) {
		if a, err := readAnswer(body[:n]); err == nil && a.err == nil {
			t.Errorf("%d of %d bytes are an answer", n, len(body))
		}
	}
	body[26] = 1 // the partition's error
	if a, err = readAnswer(body); err != nil || a.err == nil || errors.Is(a.err, ErrTruncated) {
		t.Errorf("%+v, %v", a, err)
	}
}
