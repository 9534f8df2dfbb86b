package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// dial opens a clickhouse-go connection.
func dial(t testing.TB, addr string, method clickhouse.CompressionMethod, settings clickhouse.Settings) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{
		Protocol: clickhouse.HTTP, Addr: []string{addr}, Auth: clickhouse.Auth{Database: "default"},
		Compression: &clickhouse.Compression{Method: method}, Settings: settings, MaxOpenConns: 16,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

const typesTable = `CREATE OR REPLACE TABLE types_%s (id UInt64, s String, lc LowCardinality(String), u UUID, ms DateTime64(3, 'UTC'), us DateTime64(6),
	u8 UInt8, u16 UInt16, u32 UInt32, i64 Int64, d Decimal(18, 4), f Float64, a Array(String), at Array(DateTime64(3, 'UTC')), alc Array(LowCardinality(String)),
	n Nullable(String), b Bool, e Enum8('x' = 1, 'y' = 2), m Map(String, UInt32)) ENGINE = MergeTree ORDER BY id`

// typesRow is one row of types_*.
func typesRow(i int) []any {
	at := time.UnixMilli(1_700_000_000_000 + int64(i)).UTC()
	var n *string
	if i%3 == 0 {
		s := fmt.Sprint("n", i)
		n = &s
	}
	return []any{uint64(i), fmt.Sprintf("line\n%d\x00\xff", i), fmt.Sprint("lc", i%7), uuid.NewSHA1(uuid.Nil, []byte(fmt.Sprint(i))), at, at.Add(time.Microsecond),
		uint8(i), uint16(i), uint32(i), int64(-i), decimal.New(int64(i)*10001, -4), float64(i) / 3, []string{"p", fmt.Sprint(i)}, []time.Time{at}, []string{"q"},
		n, i%2 == 0, []string{"x", "y"}[i%2], map[string]uint32{"k": uint32(i)}}
}

func TestClickHouseGo(t *testing.T) {
	need(t)
	for name, method := range map[string]clickhouse.CompressionMethod{"none": clickhouse.CompressionNone, "lz4": clickhouse.CompressionLZ4,
		"zstd": clickhouse.CompressionZSTD, "gzip": clickhouse.CompressionGZIP, "deflate": clickhouse.CompressionDeflate, "br": clickhouse.CompressionBrotli} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, ctx := dial(t, shared.Addr(), method, nil), context.Background()
			if err := conn.Exec(ctx, fmt.Sprintf(typesTable, name)); err != nil {
				t.Fatal(err)
			}
			const rows = 5000
			insertTypes(t, conn, name, rows)
			checkTypes(t, conn, name, rows)
			checkErrors(t, conn)
		})
	}
}

func insertTypes(t *testing.T, conn driver.Conn, name string, rows int) {
	t.Helper()
	batch, err := conn.PrepareBatch(context.Background(), "INSERT INTO types_"+name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := batch.Append(typesRow(i)...); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
}

func checkTypes(t *testing.T, conn driver.Conn, name string, rows int) {
	t.Helper()
	found, err := conn.Query(context.Background(), "SELECT * FROM types_"+name+" WHERE id < ? ORDER BY id", rows)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	i := 0
	for ; found.Next(); i++ {
		var r struct {
			id       uint64
			s, lc, e string
			u        uuid.UUID
			ms, us   time.Time
			u8       uint8
			u16      uint16
			u32      uint32
			i64      int64
			d        decimal.Decimal
			f        float64
			a, alc   []string
			at       []time.Time
			n        *string
			b        bool
			m        map[string]uint32
		}
		if err := found.Scan(&r.id, &r.s, &r.lc, &r.u, &r.ms, &r.us, &r.u8, &r.u16, &r.u32, &r.i64, &r.d, &r.f, &r.a, &r.at, &r.alc, &r.n, &r.b, &r.e, &r.m); err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(r.id, r.s, r.lc, r.u, r.ms.UTC(), r.us.UTC(), r.u8, r.u16, r.u32, r.i64, r.d, r.f, r.a, r.at[0].UTC(), r.alc, r.n == nil, r.b, r.e, r.m)
		w := typesRow(i)
		want := fmt.Sprint(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11], w[12], w[13].([]time.Time)[0], w[14], w[15].(*string) == nil, w[16], w[17], w[18])
		if got != want {
			t.Fatalf("row %d:\n%q\nwant\n%q", i, got, want)
		}
	}
	if err := found.Err(); err != nil || i != rows {
		t.Fatalf("%d rows of %d, %v", i, rows, err)
	}
}

func checkErrors(t *testing.T, conn driver.Conn) {
	t.Helper()
	ctx := context.Background()
	code := func(err error) int32 {
		var thrown *clickhouse.Exception
		if !errors.As(err, &thrown) {
			return 0
		}
		return thrown.Code
	}
	if err := conn.Exec(ctx, "CREATE TABLE x (a Nonsense) ENGINE = Memory"); code(err) != 50 {
		t.Errorf("unknown type: %v", err)
	}
	if _, err := conn.Query(ctx, "SELECT * FROM nowhere"); code(err) != 60 {
		t.Errorf("unknown table: %v", err)
	}
	rows, err := conn.Query(ctx, "SELECT throwIf(number = 3000000) FROM numbers(10000000) SETTINGS max_threads = 1")
	if err != nil {
		t.Fatalf("late exception came early: %v", err)
	}
	for rows.Next() {
	}
	if err := rows.Err(); code(err) != 395 {
		t.Errorf("exception inside a result: %v", err)
	}
	var one uint8
	if err := conn.QueryRow(ctx, "SELECT {x:UInt8}", clickhouse.Named("x", "7")).Scan(&one); err != nil || one != 7 {
		t.Errorf("parameter: %d %v", one, err)
	}
	if err := conn.Ping(ctx); err != nil {
		t.Error(err)
	}
}

func TestColumnarInsert(t *testing.T) {
	need(t)
	conn, ctx := dial(t, shared.Addr(), clickhouse.CompressionLZ4, nil), context.Background()
	if err := conn.Exec(ctx, "CREATE OR REPLACE TABLE columnar (id UInt64, s LowCardinality(String), at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY id"); err != nil {
		t.Fatal(err)
	}
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO columnar (id, s, at)")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if err := errors.Join(batch.Column(0).Append([]uint64{1, 2}), batch.Column(1).Append([]string{"a", "b"}), batch.Column(2).Append([]time.Time{now, now})); err != nil {
		t.Fatal(err)
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	if got := must(t, shared.Addr(), "SELECT count(), sum(id) FROM columnar"); got != "2\t3\n" {
		t.Errorf("got %s", got)
	}
}
