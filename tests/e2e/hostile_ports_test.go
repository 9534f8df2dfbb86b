package e2e

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// garbageToAdmin asks the admin port for what it does not have.
func garbageToAdmin(t *testing.T, l *ledger, random *rand.Rand) {
	noise(t, l.pipeline.Admin, random)
	for _, path := range []string{"/../metrics", "/debug/pprof/%00", "/debug/pprof/heap?debug=x", "/readyz/x", "/?" + strings.Repeat("a=b&", 1000)} {
		answer, err := talk(l.pipeline.Admin, []byte("GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), true)
		if err != nil || !strings.HasPrefix(answer, "HTTP/1.1 ") {
			t.Errorf("%.50s: %v %.200q", path, err, answer)
		}
	}
	answer, err := talk(l.pipeline.Admin, []byte("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\nx"), true)
	if err != nil || !strings.HasPrefix(answer, "HTTP/1.1 405") {
		t.Errorf("posting to metrics: %v %.200q", err, answer)
	}
}

// garbageToClickHouse sends noise and statements that cannot be answered.
func garbageToClickHouse(t *testing.T, l *ledger, random *rand.Rand) {
	noise(t, l.pipeline.ClickHouse, random)
	deep := strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000)
	statements := []string{
		"", ";", "\x00", "\xff\xfe", "SELECT", "SELECT " + deep, "SELECT " + strings.Repeat("-", 100_000) + "1", "SELECT '" + strings.Repeat("x", 300_000),
		"SELECT throwIf(1)", "SELECT * FROM touchpoints WHERE", "SELECT CAST('x' AS Array(Array(Int8)))", "SELECT {a:Int8}", "SELECT 1 FORMAT Nonsense",
		"SELECT intDiv(1, 0)", "INSERT INTO touchpoints_log FORMAT Native\n\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01",
		"INSERT INTO touchpoints_log FORMAT JSONEachRow\n{\"site\":", "SELECT repeat('x', 1000000000000)", "SELECT groupArray(number) FROM numbers(1000000000000)",
		"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count() FROM r", "SELECT " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"SELECT sleep(100)", "SELECT * FROM remote('127.0.0.1:1', system.one)",
	}
	client := http.Client{Timeout: time.Minute}
	for _, sql := range statements {
		resp, err := client.Post("http://"+l.pipeline.ClickHouse+"/?database=throughline&max_execution_time=5", "text/plain", strings.NewReader(sql))
		if err != nil {
			t.Errorf("%.80q: %v", sql, err)
			continue
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK || err != nil || !bytes.Contains(answer, []byte("Exception")) {
			t.Errorf("%.80q: status %d, %v %.200q", sql, resp.StatusCode, err, answer)
		}
	}
	for _, query := range []string{"query=%ff", "query=SELECT+1&no_such_setting=1", "database=" + url.QueryEscape("';--"), "query=SELECT+1&session_id=" + strings.Repeat("x", 10_000)} {
		if _, err := talk(l.pipeline.ClickHouse, []byte("POST /?"+query+" HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\nContent-Encoding: gzip\r\n\r\nx"), true); err != nil {
			t.Errorf("%.80s: %v", query, err)
		}
	}
}

// kafkaRequest frames a request of the Kafka protocol.
func kafkaRequest(key, version int16, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+2+1+len(body)))
	b = binary.BigEndian.AppendUint16(b, uint16(key))
	b = binary.BigEndian.AppendUint16(b, uint16(version))
	b = binary.BigEndian.AppendUint32(b, 7) // correlation
	b = append(b, 0, 1, 'x')                // client
	return append(b, body...)
}

// garbageToKafka sends noise, HTTP, requests with noise inside, and records that are no touchpoints.
func garbageToKafka(t *testing.T, l *ledger, random *rand.Rand) {
	addr := l.pipeline.Kafka
	noise(t, addr, random)
	for _, data := range []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\xff\xff\xff\xff", "\x7f\xff\xff\xff\x00\x00", "\x00\x00\x00\x00", "\x00\x00\x00\x02\x00\x03", "\x00\x00"} {
		if _, err := talk(addr, []byte(data), true); err != nil {
			t.Errorf("%q: %v", data, err)
		}
	}
	for key := int16(-1); key < 95; key++ {
		for range 8 {
			version, body := int16(random.IntN(20)-1), kafkaNoise(random)
			if known := kmsg.RequestForKey(key); known != nil && random.IntN(2) == 0 {
				version = int16(random.IntN(int(known.MaxVersion()) + 1))
				known.SetVersion(version)
				body = flip(random, known.AppendTo(nil))
			}
			poke(t, addr, kafkaRequest(key, version, body))
		}
	}
	strangeBatches(t, addr, random)
	strangeRecords(t, l, random)
}

// poke sends a request and waits for a moment only: some of them ask the broker to take its time.
func poke(t *testing.T, addr string, data []byte) {
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Errorf("the broker does not listen: %v", err)
		return
	}
	defer c.Close()
	_, err = c.Write(data)
	if err == nil {
		err = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	}
	if err == nil {
		_, err = c.Read(make([]byte, 1<<10))
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) && !isGone(err) {
		t.Errorf("%x: %v", data, err)
	}
}

// kafkaNoise is mostly small numbers, which pass for lengths.
func kafkaNoise(random *rand.Rand) []byte {
	data := make([]byte, random.IntN(200))
	for i := range data {
		switch random.IntN(4) {
		case 0:
			data[i] = byte(random.Uint32())
		case 1:
			data[i] = byte(random.IntN(4))
		}
	}
	return data
}

const strangeRecordsSent = 100

// strangeRecords writes records into the topic of touchpoints that no collector would write; each must be refused by the processor.
func strangeRecords(t *testing.T, l *ledger, random *rand.Rand) {
	client := &kafka.Client{Addr: kafka.TCP(l.pipeline.Kafka), Timeout: patience}
	var records []kafka.Record
	for n := range strangeRecordsSent {
		value := fmt.Appendf(nil, "no touchpoint %d", n)
		if n%2 == 0 {
			value = append(kafkaNoise(random), byte(n), 0xff)
		}
		records = append(records, kafka.Record{Value: kafka.NewBytes(value)})
	}
	for partition := range 4 {
		_, err := client.Produce(t.Context(), &kafka.ProduceRequest{
			Topic: "touchpoints.v1", Partition: partition, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records[partition*25 : partition*25+25]...),
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// flip changes some bits.
func flip(random *rand.Rand, b []byte) []byte {
	for range 1 + random.IntN(4) {
		if len(b) > 0 {
			b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		}
	}
	return b
}

// strangeBatches produces batches that were cut or changed on their way, which the broker must refuse.
func strangeBatches(t *testing.T, addr string, random *rand.Rand) {
	for n := range 100 {
		batch := kmsg.RecordBatch{Magic: 2, PartitionLeaderEpoch: -1, ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, NumRecords: int32(1 + random.IntN(3))}
		batch.LastOffsetDelta, batch.Attributes = batch.NumRecords-1, int16(random.IntN(6))
		batch.Records = kafkaNoise(random)
		batch.Length = int32(len(batch.AppendTo(nil)) - 12)
		raw := batch.AppendTo(nil)
		binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[21:], crc32.MakeTable(crc32.Castagnoli)))
		if n%2 == 0 {
			raw[21+random.IntN(len(raw)-21)] ^= 1 << random.IntN(8) // where the checksum sees it
		} else {
			raw = raw[:random.IntN(len(raw))]
		}
		req := kmsg.NewPtrProduceRequest()
		req.Version, req.Acks, req.TimeoutMillis = 7, -1, 1000
		req.Topics = []kmsg.ProduceRequestTopic{{Topic: "touchpoints.v1", Partitions: []kmsg.ProduceRequestTopicPartition{{Partition: int32(n % 4), Records: raw}}}}
		poke(t, addr, kafkaRequest(0, 7, req.AppendTo(nil)))
	}
}
