package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// wide is a table of 40 columns such as the pipeline's touchpoints.
func wide(name string) string {
	columns := []string{"site LowCardinality(String)", "id UUID", "customer_id String", "at DateTime64(3, 'UTC')", "received DateTime64(6, 'UTC')",
		"version UInt64", "is_deleted UInt8", "revenue Decimal(18, 4)", "properties String", "bucket UInt16"}
	for i := range 20 {
		columns = append(columns, fmt.Sprintf("l%d LowCardinality(String)", i))
	}
	for i := range 5 {
		columns = append(columns, fmt.Sprintf("s%d String", i), fmt.Sprintf("n%d UInt32", i))
	}
	return "CREATE OR REPLACE TABLE " + name + " (" + strings.Join(columns, ", ") + ", INDEX c customer_id TYPE bloom_filter GRANULARITY 1) " +
		"ENGINE = ReplacingMergeTree(version, is_deleted) PARTITION BY toYYYYMM(at) ORDER BY (site, toDate(at), customer_id, id)"
}

// fill makes the columns of a batch of rows for wide.
func fill(rows int) []any {
	repeat := func(kinds int, prefix string) []string {
		values := make([]string, rows)
		for i := range values {
			values[i] = fmt.Sprint(prefix, i%kinds)
		}
		return values
	}
	ids, times, u64, u32, u16, u8, i64 := make([]uuid.UUID, rows), make([]time.Time, rows), make([]uint64, rows), make([]uint32, rows), make([]uint16, rows), make([]uint8, rows), make([]string, rows)
	for i := range rows {
		ids[i], times[i], u64[i], u32[i], u16[i], i64[i] = uuid.New(), time.UnixMilli(1_700_000_000_000+int64(i)*10), uint64(i), uint32(i), uint16(i), `{"product_id":"p17","quantity":2,"list":"summer"}`
	}
	columns := []any{repeat(1, "main"), ids, repeat(rows/10+1, "customer-"), times, times, u64, u8, make([]decimal.Decimal, rows), i64, u16}
	for i := range 20 {
		columns = append(columns, repeat(1+i*3, "value-"))
	}
	for i := range 5 {
		columns = append(columns, repeat(1000*(i+1), "https://shop.example.com/products/"), u32)
	}
	return columns
}

// BenchmarkInsert measures one synchronous INSERT of a batch, by rows and by durability.
func BenchmarkInsert(b *testing.B) {
	need(b)
	for _, durable := range []bool{false, true} {
		for _, rows := range []int{1, 10_000, 100_000} {
			b.Run(fmt.Sprintf("fsync=%v/rows=%d", durable, rows), func(b *testing.B) {
				settings := clickhouse.Settings{}
				conn := dial(b, shared.Addr(), clickhouse.CompressionLZ4, settings)
				must(b, shared.Addr(), wide("wide"))
				if durable {
					must(b, shared.Addr(), "ALTER TABLE wide MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1")
				}
				columns := fill(rows)
				send, cpu := time.Duration(0), cpuTime(b, shared.Pid())
				b.ResetTimer()
				for range b.N {
					batch, err := conn.PrepareBatch(context.Background(), "INSERT INTO wide")
					if err != nil {
						b.Fatal(err)
					}
					for i, c := range columns {
						if err := batch.Column(i).Append(c); err != nil {
							b.Fatal(i, err)
						}
					}
					from := time.Now()
					if err := batch.Send(); err != nil {
						b.Fatal(err)
					}
					send += time.Since(from)
				}
				b.StopTimer()
				b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(float64((cpuTime(b, shared.Pid())-cpu).Microseconds())/float64(b.N)/1000, "ms-engine-cpu/op")
				b.ReportMetric(float64(send.Milliseconds())/float64(b.N), "ms-send/op")
				must(b, shared.Addr(), "DROP TABLE wide SYNC")
			})
		}
	}
}

// cpuTime gives the processor time that a process has used, in steps of 10 ms; it does not depend on
// what else the machine does.
func cpuTime(t testing.TB, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0 // no such file on this system
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// BenchmarkQuery measures the fixed cost of a small query.
func BenchmarkQuery(b *testing.B) {
	need(b)
	conn := dial(b, shared.Addr(), clickhouse.CompressionNone, nil)
	for b.Loop() {
		var one uint8
		if err := conn.QueryRow(context.Background(), "SELECT 1").Scan(&one); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkResult measures a large result, in bytes of Native.
func BenchmarkResult(b *testing.B) {
	need(b)
	for name, method := range map[string]clickhouse.CompressionMethod{"none": clickhouse.CompressionNone, "lz4": clickhouse.CompressionLZ4} {
		b.Run(name, func(b *testing.B) {
			conn := dial(b, shared.Addr(), method, nil)
			const rows = 2_000_000
			b.SetBytes(rows * 16)
			for b.Loop() {
				found, err := conn.Query(context.Background(), "SELECT number, number * 7 FROM numbers(2000000)")
				if err != nil {
					b.Fatal(err)
				}
				var n, m uint64
				for found.Next() {
					if err := found.Scan(&n, &m); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
