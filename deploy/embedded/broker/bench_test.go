package broker

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/collector/publish"
	"github.com/throughline/throughline/schemas/topics"
)

// The collector's producer against this broker, both in one process.

func producer(b *testing.B, sync bool) *publish.Producer {
	b.Helper()
	broker, err := New(Config{DataDir: b.TempDir(), Listen: "127.0.0.1:0", Sync: sync}, nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := broker.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	p, err := publish.New(publish.Config{Brokers: []string{broker.Addr()}, Topic: topics.Touchpoints}, publish.Dependencies{})
	if err != nil {
		b.Fatal(err)
	}
	if err := p.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			b.Log(err)
		}
		if err := broker.Stop(); err != nil {
			b.Error(err)
		}
	})
	return p
}

func records(n int) []publish.Record {
	out := make([]publish.Record, n)
	for i := range out {
		out[i] = publish.Record{Partition: int32(i % 4), Key: binary.BigEndian.AppendUint16(nil, uint16(i)), Value: make([]byte, 300)}
	}
	return out
}

// BenchmarkSingle is the latency of one record at a time, one caller.
func BenchmarkSingle(b *testing.B) {
	for _, sync := range []bool{false, true} {
		b.Run(fmt.Sprintf("sync=%v", sync), func(b *testing.B) {
			p, events := producer(b, sync), records(4)
			took := make([]time.Duration, 0, b.N)
			for i := 0; b.Loop(); i++ {
				began := time.Now()
				if err := p.Publish(b.Context(), events[i%4:i%4+1]); err != nil {
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

// BenchmarkCalls is calls of 1 and of 100 records from many callers.
func BenchmarkCalls(b *testing.B) {
	for _, shape := range []struct{ callers, size int }{{64, 1}, {8, 100}, {32, 100}} {
		for _, sync := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d-callers/%d-events/sync=%v", shape.callers, shape.size, sync), func(b *testing.B) {
				calls(b, producer(b, sync), shape.callers, shape.size)
			})
		}
	}
}

func calls(b *testing.B, p *publish.Producer, callers, size int) {
	var wg sync.WaitGroup
	b.ResetTimer()
	for w := range callers {
		wg.Go(func() {
			events := records(size + w)[w:]
			for range (b.N + callers - 1 - w) / callers {
				if err := p.Publish(b.Context(), events); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
}
