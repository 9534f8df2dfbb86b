package collector

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/throughline/throughline/deploy/embedded/broker"
)

// connections that post at the same time. A broker that syncs every write acknowledges all of them at one sync.
const connections = 256

// requests counts up, so that no message id comes twice.
var requests atomic.Int64

// post is one request with so many events, as bytes.
func postBytes(events int) []byte {
	n := requests.Add(1)
	parts := make([]string, events)
	for i := range parts {
		parts[i] = fmt.Sprintf(`{"message_id":"01890a5d-ac96-%010d-%07d","type":"page","anonymous_id":"visitor-%d","timestamp":"2026-03-01T12:00:00.123Z",`+
			`"context":{"page":{"url":"https://shop.example/products/running-shoes?color=blue","path":"/products/running-shoes",`+
			`"referrer":"https://www.google.com/","title":"Running shoes | Shop"},"locale":"en-US"},`+
			`"properties":{"category":"shoes","sku":"SKU-%d","position":3,"list":"search results"}}`, n, i, (n*31+int64(i))%5000, i)
	}
	body := parts[0]
	if events > 1 {
		body = "[" + strings.Join(parts, ",") + "]"
	}
	return fmt.Appendf(nil, "POST /v1/touchpoints HTTP/1.1\r\nHost: x\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "+
		"(KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\nAuthorization: Bearer local\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		len(body), body)
}

// exchange posts on one connection and reads answers of a fixed size, so that the load costs little.
func exchange(conn net.Conn, in *bufio.Reader, request []byte, size *int) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	if *size > 0 {
		_, err := in.Discard(*size)
		return err
	}
	for length := 0; ; {
		line, err := in.ReadString('\n')
		*size += len(line)
		if err != nil {
			return err
		}
		if strings.HasPrefix(line, "HTTP/1.1") && !strings.Contains(line, "200") {
			return fmt.Errorf("answer %q", line)
		}
		if _, err := fmt.Sscanf(line, "Content-Length: %d", &length); err == nil {
			continue
		}
		if line == "\r\n" {
			*size += length
			_, err := in.Discard(length)
			return err
		}
	}
}

func load(b *testing.B, addr string, connections, events int) {
	b.Helper()
	b.SetParallelism(connections / 2)
	before := cpu(b)
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		in, size, request := bufio.NewReaderSize(conn, 32<<10), 0, postBytes(events)
		for pb.Next() {
			if err := exchange(conn, in, request, &size); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/float64(b.N*events), "cpu-ns/event")
}

// cpu is the processor time of this process: client, collector and broker. It tells more than elapsed time where the
// machine has other work.
func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func withBroker(b *testing.B, sync bool, run func(addr string)) {
	b.Helper()
	k, err := broker.New(broker.Config{DataDir: b.TempDir(), Listen: "127.0.0.1:0", Partitions: 4, Sync: sync}, slog.New(slog.DiscardHandler))
	if err == nil {
		err = k.Start(context.Background())
	}
	if err != nil {
		b.Fatal(err)
	}
	x := startCollector(b, k.Addr(), nil)
	b.ResetTimer()
	run(x.PublicAddr())
	b.StopTimer()
	x.stop(b)
	if err := k.Stop(); err != nil {
		b.Error(err)
	}
}

// BenchmarkNoop is the yardstick: a server that reads the body.
func BenchmarkNoop(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	defer server.Close()
	load(b, server.Listener.Addr().String(), connections, 1)
}

func BenchmarkAcknowledged(b *testing.B) {
	for _, sync := range []bool{false, true} {
		for _, events := range []int{1, 100} {
			b.Run(fmt.Sprintf("sync=%v/events=%d", sync, events), func(b *testing.B) {
				withBroker(b, sync, func(addr string) { load(b, addr, connections, events) })
			})
		}
	}
}

// BenchmarkLatency posts single events on one connection.
func BenchmarkLatency(b *testing.B) {
	for _, sync := range []bool{false, true} {
		b.Run(fmt.Sprintf("sync=%v", sync), func(b *testing.B) {
			withBroker(b, sync, func(addr string) { latency(b, addr) })
		})
	}
}

func latency(b *testing.B, addr string) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	in, size, request := bufio.NewReader(conn), 0, postBytes(1)
	times := make([]time.Duration, 0, b.N)
	for range b.N {
		start := time.Now()
		if err := exchange(conn, in, request, &size); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	if err := conn.Close(); err != nil {
		b.Error(err)
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
}
