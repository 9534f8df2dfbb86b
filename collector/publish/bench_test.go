package publish

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// The broker runs in the same process, so these figures include its work.

var brokers = []struct {
	name string
	opts func(b *testing.B) []kfake.Opt
}{
	{"memory", func(*testing.B) []kfake.Opt { return nil }},
	{"disk", func(b *testing.B) []kfake.Opt { return []kfake.Opt{kfake.DataDir(b.TempDir())} }},
	{"sync", func(b *testing.B) []kfake.Opt { return []kfake.Opt{kfake.DataDir(b.TempDir()), kfake.SyncWrites()} }},
}

// events makes n records of 300 bytes over the given number of partitions.
func events(n, partitions int) []Record {
	records := make([]Record, n)
	for i := range records {
		records[i] = Record{Partition: int32(i * 7 % partitions), Key: binary.BigEndian.AppendUint16(nil, uint16(i)), Value: make([]byte, 300)}
	}
	return records
}

// BenchmarkPublishSingle is the latency of one record at a time, one caller.
func BenchmarkPublishSingle(b *testing.B) {
	for _, broker := range brokers {
		b.Run(broker.name, func(b *testing.B) {
			p := newProducer(b, newKafka(b, 4, broker.opts(b)...), Config{})
			records := events(64, 4)
			took := make([]time.Duration, 0, b.N)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				began := time.Now()
				if err := p.Publish(b.Context(), records[i%64:i%64+1]); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// BenchmarkPublishConcurrent is single records from many callers at a time, as from many HTTP connections.
func BenchmarkPublishConcurrent(b *testing.B) {
	for _, broker := range brokers {
		b.Run(broker.name, func(b *testing.B) { publishFrom(b, 64, 1, broker.opts(b)) })
	}
}

// BenchmarkPublishBatch100 is calls of 100 records.
func BenchmarkPublishBatch100(b *testing.B) {
	for _, broker := range brokers {
		for _, callers := range []int{8, 32} {
			b.Run(fmt.Sprintf("%s/%d-callers", broker.name, callers), func(b *testing.B) {
				publishFrom(b, callers, 100, broker.opts(b))
			})
		}
	}
}

// publishFrom makes b.N calls from the given number of callers, and reports events a second.
func publishFrom(b *testing.B, callers, size int, opts []kfake.Opt) {
	p := newProducer(b, newKafka(b, 4, opts...), Config{})
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for w := range callers {
		wg.Go(func() {
			records := events(size+w, 4)[w:]
			for range (b.N + callers - 1 - w) / callers {
				if err := p.Publish(b.Context(), records); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkEncode is the producer's own work for each event: routing, copying, sealing with its checksum.
func BenchmarkEncode(b *testing.B) {
	records := events(100, 4)
	q := &Producer{cfg: Config{}.withDefaults()}
	q.assign(make([]int, 4), false)
	c := newCall(4)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		c.route(records)
		c.pending.Store(1)
		for _, part := range c.touched {
			q.partitions[part].append(c, records, now)
		}
		for _, part := range c.touched {
			one := q.partitions[part]
			one.next()
			if err := one.current.seal(session{id: 1, valid: true}, 0); err != nil {
				b.Fatal(err)
			}
			one.done(nil)
		}
		c.settle(nil)
		<-c.done
		c.reset()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*100), "ns/event")
}
