package kafka

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/tests/harness"
)

// codecs that a producer may choose.
var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

// writer is another producer than ours.
func writer(t *testing.T, topic string, codec kgo.CompressionCodec) *kgo.Client {
	t.Helper()
	w, err := kgo.NewClient(kgo.SeedBrokers(single.cluster.Plain().Brokers...), kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(codec))
	must(t, err)
	t.Cleanup(w.Close)
	return w
}

// fetcher is ours.
func fetcher(t *testing.T) *consume.Fetcher {
	t.Helper()
	f := consume.NewFetcher(consume.Config{Brokers: single.cluster.Plain().Brokers})
	t.Cleanup(f.Close)
	return f
}

// TestCompressedTopics reads what other producers have written with each codec.
func TestCompressedTopics(t *testing.T) {
	single.need(t)
	client := clientOf(t, single.conn())
	for name, codec := range codecs {
		t.Run(name, func(t *testing.T) {
			f := fetcher(t) // a fresh one: it remembers which topics there are
			topic := "compressed-" + name
			createTopic(t, client, kafka.TopicConfig{Topic: topic, NumPartitions: 1, ReplicationFactor: 1})
			w := writer(t, topic, codec)
			const records = 3000
			for i := range records {
				w.Produce(t.Context(), &kgo.Record{Value: value(i)}, func(_ *kgo.Record, err error) {
					if err != nil {
						t.Error(err)
					}
				})
			}
			must(t, w.Flush(t.Context()))
			n := 0
			for next := int64(0); n < records; {
				got, err := f.Fetch(t.Context(), topic, 0, next)
				must(t, err)
				for _, r := range got.Records {
					if string(r.Value) != string(value(n)) || r.Offset != int64(n) {
						t.Fatalf("record %d at offset %d: %.40q", n, r.Offset, r.Value)
					}
					n++
				}
				next = got.Next
			}
		})
	}
}

func value(i int) []byte { return []byte(fmt.Sprintf("%d %s", i, strings.Repeat("touchpoint ", i%40))) }

// TestCompactedTopics writes over the same keys again and again, waits until the broker has compacted, and reads: every record that
// is left is read once, and reading comes to the end of the log, across whole batches that are gone and batches whose last
// records are gone.
func TestCompactedTopics(t *testing.T) {
	single.need(t)
	client, f := clientOf(t, single.conn()), fetcher(t)
	for _, name := range []string{"none", "gzip", "zstd"} {
		topic := "compacted-" + name
		createTopic(t, client, kafka.TopicConfig{Topic: topic, NumPartitions: 1, ReplicationFactor: 1, ConfigEntries: []kafka.ConfigEntry{
			{ConfigName: "cleanup.policy", ConfigValue: "compact"}, {ConfigName: "min.cleanable.dirty.ratio", ConfigValue: "0.01"},
			{ConfigName: "segment.ms", ConfigValue: "300"}, {ConfigName: "min.compaction.lag.ms", ConfigValue: "0"},
		}})
		overwrite(t, writer(t, topic, codecs[name]))
	}
	for _, name := range []string{"none", "gzip", "zstd"} {
		t.Run(name, func(t *testing.T) {
			topic := "compacted-" + name
			harness.Eventually(t, startLimit, "the log is compacted", func() error {
				all, err := readThrough(t.Context(), f, topic)
				if err != nil {
					return err
				}
				if len(all) > overwrites*perBatch/2 {
					return fmt.Errorf("%d records are left", len(all))
				}
				return nil
			})
			all, err := readThrough(t.Context(), f, topic)
			must(t, err)
			last := map[string]string{}
			for _, r := range all {
				key, _, _ := strings.Cut(string(r.Value), "=")
				last[key] = string(r.Value)
			}
			for i := range perBatch {
				key := fmt.Sprint("key", i)
				if want := fmt.Sprintf("%s=%d", key, overwrites-1); last[key] != want {
					t.Errorf("the last of %s is %q, want %q", key, last[key], want)
				}
			}
			if last["tail"] != fmt.Sprint("tail=", overwrites-1) {
				t.Errorf("the tail is %q", last["tail"])
			}
			t.Logf("%d of %d records are left", len(all), overwrites*(perBatch+1))
		})
	}
}

// How often keys are written over, and how many keys there are beside the one that ends each batch.
const overwrites, perBatch = 12, 10

// overwrite writes one batch after another: each key, then one that every batch ends with. After some of them the segment is full.
func overwrite(t *testing.T, w *kgo.Client) {
	t.Helper()
	for n := range overwrites {
		var batch []*kgo.Record
		for i := range perBatch {
			if (n+i)%3 == 0 && n < overwrites-1 {
				continue // so that records of all ages are left between those that go
			}
			key := fmt.Sprint("key", i)
			batch = append(batch, &kgo.Record{Key: []byte(key), Value: []byte(fmt.Sprintf("%s=%d", key, n))})
		}
		batch = append(batch, &kgo.Record{Key: []byte("tail"), Value: []byte(fmt.Sprint("tail=", n))})
		if n < 3 { // keys that are never written over: their batches stay, without their ends
			batch[0].Key, batch[0].Value = []byte(fmt.Sprint("first", n)), []byte(fmt.Sprintf("first%d=%d", n, n))
		}
		must(t, w.ProduceSync(t.Context(), batch...).FirstErr())
		if n%4 == 3 {
			time.Sleep(400 * time.Millisecond) // the next batch begins a segment
		}
	}
	time.Sleep(400 * time.Millisecond)
	must(t, w.ProduceSync(t.Context(), &kgo.Record{Key: []byte("end"), Value: []byte("end=1")}).FirstErr())
}

// readThrough reads a topic from its start to its end. It fails when an answer gives nothing and no step forward.
func readThrough(ctx context.Context, f *consume.Fetcher, topic string) (all []consume.Record, err error) {
	first, end, err := f.Bounds(ctx, topic, 0)
	if err != nil {
		return nil, err
	}
	for next := first; next < end; {
		got, err := f.Fetch(ctx, topic, 0, next)
		if err != nil {
			return nil, err
		}
		if got.Next <= next {
			return nil, fmt.Errorf("reading stands still at offset %d of %d", next, end)
		}
		all, next = append(all, got.Records...), got.Next
	}
	return all, nil
}
