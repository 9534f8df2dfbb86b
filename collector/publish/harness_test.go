package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

const topic = "t"

func newKafka(t testing.TB, partitions int32, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	opts = append([]kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(partitions, topic)}, opts...)
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func newProducer(t testing.TB, c *kfake.Cluster, cfg Config) *Producer {
	t.Helper()
	cfg.Brokers, cfg.Topic = c.ListenAddrs(), topic
	p, err := New(cfg, Dependencies{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = p.Close(ctx) // tests of Close check it themselves
	})
	return p
}

// readAll gives the values of a partition in order, through kafka-go's reader of batches.
func readAll(t testing.TB, c *kfake.Cluster, partition int) []string {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(c.ListenAddrs()...), Transport: transport}
	var values []string
	for offset := int64(0); ; {
		res, err := client.Fetch(context.Background(), &kafka.FetchRequest{
			Topic: topic, Partition: partition, Offset: offset, MaxBytes: 8 << 20, MaxWait: time.Millisecond,
		})
		if err == nil {
			err = res.Error
		}
		if err != nil {
			t.Fatal(err)
		}
		if offset == res.HighWatermark {
			return values
		}
		for {
			r, err := res.Records.ReadRecord()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			value, err := kafka.ReadAll(r.Value)
			if err != nil {
				t.Fatal(err)
			}
			values, offset = append(values, string(value)), r.Offset+1
		}
	}
}

// ledger checks what the log holds against what was acknowledged.
type ledger struct {
	mu    sync.Mutex
	acked map[int][]string
}

// write publishes n records by each of several writers, and tries a failed call again until it succeeds.
func (l *ledger) write(t testing.TB, p *Producer, writers, n int) {
	t.Helper()
	l.acked = map[int][]string{}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range n {
				part := (w + i) % p.Partitions()
				value := fmt.Sprintf("%d/%06d", w, i)
				if err := p.Publish(t.Context(), []Record{{Partition: int32(part), Key: []byte{1}, Value: []byte(value)}}); err != nil {
					t.Errorf("publish %s: %v", value, err)
					return
				}
				l.mu.Lock()
				l.acked[part] = append(l.acked[part], value)
				l.mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// check wants every acknowledged record in the log once, and those of one writer in the order they were written.
func (l *ledger) check(t testing.TB, c *kfake.Cluster) {
	t.Helper()
	for part, acked := range l.acked {
		seen, last := map[string]int{}, map[string]string{}
		for _, v := range readAll(t, c, part) {
			seen[v]++
			if w := v[:1]; v < last[w] {
				t.Errorf("partition %d: %s after %s", part, v, last[w])
			} else {
				last[w] = v
			}
		}
		if len(seen) != len(acked) {
			t.Errorf("partition %d: %d values in the log, %d acknowledged", part, len(seen), len(acked))
		}
		for _, v := range acked {
			if seen[v] != 1 {
				t.Errorf("partition %d: %s is in the log %d times", part, v, seen[v])
			}
		}
	}
}
