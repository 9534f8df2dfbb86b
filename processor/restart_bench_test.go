package processor

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/processor/state"
	"github.com/throughline/throughline/processor/store"
	tables "github.com/throughline/throughline/schemas/clickhouse"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/topics"
)

var customers = flag.Int("customers", 20_000, "live customers of ten touches each in BenchmarkRestart")

const childArgument = "engine-child"

// TestMain is the engine's child process when it is called as such.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		if err := engine.RunChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// BenchmarkRestart is how long a processor of four partitions takes until it can go on: with the state of before, and with none,
// which is then restored from ClickHouse. -customers=1000000 is the size that is promised for.
func BenchmarkRestart(b *testing.B) {
	rows := shop(b)
	rules, err := newRulebook(sites.Default(), func(string) (*stages.Rules, error) { return stages.Builtin(), nil })
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	open := func() *owner {
		s, err := state.Open(state.Config{Dir: dir, CacheBytes: 256 << 20}, pebbleLogger{quiet()})
		if err != nil {
			b.Fatal(err)
		}
		return &owner{
			cfg: &Config{}, deps: &Deps{Logger: quiet()}, metrics: newMetrics(prometheus.NewRegistry(), rules), rules: rules, state: s, store: rows, count: 4,
		}
	}
	restore := func(b *testing.B) {
		o := open()
		if found, err := o.restore(b.Context(), map[int]int64{0: 1, 1: 1, 2: 1, 3: 1}); err != nil || len(found) != 4 {
			b.Fatal(found, err)
		}
		if err := o.state.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("clickhouse", func(b *testing.B) {
		for b.Loop() {
			restore(b)
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s")
	})
	b.Run("local", func(b *testing.B) {
		restore(b)
		b.ResetTimer()
		for b.Loop() {
			o := open()
			for p := range 4 {
				part := newPartition(topics.Touchpoints, p, 0, 0)
				o.partitions = []*partition{part}
				if _, known, err := o.state.Applied(int32(p)); err != nil || !known {
					b.Fatal(known, err)
				}
				if err := o.cutter(b.Context(), part).read([]*item{{key: "x"}}); err != nil {
					b.Fatal(err)
				}
			}
			if err := o.state.Close(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s")
		b.ReportMetric(float64(folderBytes(b, dir))/float64(*customers), "bytes/customer")
	})
}

// shop is a ClickHouse with customers of ten touches and a journey each, within a month.
func shop(b *testing.B) *store.Store {
	b.Helper()
	lib, err := libchdb.Find()
	if err != nil {
		b.Skipf("no ClickHouse engine, run make libchdb: %v", err)
	}
	e, err := engine.Start(b.Context(), engine.Config{LibPath: lib, DataDir: b.TempDir(), Command: []string{childArgument}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = e.Stop(ctx)
	})
	opts, err := clickhouse.ParseDSN(e.DSN())
	if err != nil {
		b.Fatal(err)
	}
	admin, err := clickhouse.Open(opts)
	if err != nil {
		b.Fatal(err)
	}
	defer admin.Close()
	if _, err := tables.Apply(b.Context(), admin, tables.Form{Database: "shop"}); err != nil {
		b.Fatal(err)
	}
	const slice = 100_000
	for from := 0; from < *customers; from += slice {
		n := min(slice, *customers-from)
		for _, insert := range []string{
			fmt.Sprintf(`INSERT INTO shop.touchpoints_log (site, message_id, customer_kind, customer_id, bucket, anonymous_id, type, event, stage,
					occurred_at, received_at, channel, campaign, device, country, source, version)
				SELECT 'main', toString(reinterpretAsUUID(sipHash128('m', number))), 'anonymous',
					toString(reinterpretAsUUID(sipHash128('c', intDiv(number, 10)))) AS id, xxHash64(concat('main\0a', id)) %% 1024, id, 'track', 'Product Viewed',
					1 + number %% 3, fromUnixTimestamp64Milli(1780000000000 + toInt64(intDiv(number, 10) * 1789 %% 864000000 + number %% 10 * 123457)) AS at,
					at + toIntervalMicrosecond(cityHash64(number) %% 900000), ['paid search', 'email', 'direct'][1 + number %% 3], '', 'mobile', 'DE', 'http', 1
				FROM numbers(%d, %d)`, from*10, n*10),
			fmt.Sprintf(`INSERT INTO shop.journeys_log (site, journey_id, customer_kind, customer_id, bucket, started_at, version)
				SELECT 'main', reinterpretAsUUID(sipHash128('j', number)), 'anonymous', toString(reinterpretAsUUID(sipHash128('c', number))) AS id,
					xxHash64(concat('main\0a', id)) %% 1024, fromUnixTimestamp64Milli(1780000000000 + toInt64(number * 1789 %% 864000000)), 1
				FROM numbers(%d, %d)`, from, n),
		} {
			if err := admin.Exec(b.Context(), insert); err != nil {
				b.Fatal(err)
			}
		}
	}
	s, err := store.Open(b.Context(), store.Config{DSN: "http://" + e.Addr() + "/shop"}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func folderBytes(b *testing.B, dir string) (size int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			size += info.Size()
		}
	}
	return size
}
