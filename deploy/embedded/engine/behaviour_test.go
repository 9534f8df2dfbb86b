package engine_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// until waits for a condition, for at most 20 s.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s did not come about", what)
}

// TestCancel goes away while a statement runs, before and inside its result.
func TestCancel(t *testing.T) {
	need(t)
	for name, sql := range map[string]string{
		"before": "SELECT count() /*cancel-me*/ FROM system.numbers WHERE sipHash64(number) = 1",
		"inside": "SELECT /*cancel-me*/ number FROM system.numbers",
	} {
		ctx, cancel := context.WithCancel(context.Background())
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+shared.Addr()+"/", strings.NewReader(sql))
		if err != nil {
			t.Fatal(err)
		}
		running := func() bool {
			return must(t, shared.Addr(), "SELECT count() FROM system.processes WHERE query LIKE '%*cancel-me*%' AND query NOT LIKE '%processes%'") != "0\n"
		}
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			if answer, err := http.DefaultClient.Do(r); err == nil {
				defer answer.Body.Close()
				<-ctx.Done()
			}
		}()
		until(t, name+": the statement's start", running)
		cancel()
		<-gone
		until(t, name+": the statement's end", func() bool { return !running() })
	}
}

func TestConcurrentClients(t *testing.T) {
	need(t)
	conn, ctx := dial(t, shared.Addr(), clickhouse.CompressionLZ4, nil), context.Background()
	if err := conn.Exec(ctx, "CREATE OR REPLACE TABLE many (client UInt8, n UInt32) ENGINE = MergeTree ORDER BY (client, n)"); err != nil {
		t.Fatal(err)
	}
	const clients, batches, rows = 8, 5, 1000
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for b := range batches {
				batch, err := conn.PrepareBatch(clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_threads": c + 1})), "INSERT INTO many")
				if err != nil {
					t.Error(err)
					return
				}
				for n := range rows {
					if err := batch.Append(uint8(c), uint32(b*rows+n)); err != nil {
						t.Error(err)
					}
				}
				if err := batch.Send(); err != nil {
					t.Error(err)
				}
				var got string
				with := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_threads": c + 1}), clickhouse.WithParameters(clickhouse.Parameters{"p": fmt.Sprint(c)}))
				if err := conn.QueryRow(with, "SELECT concat(toString(getSetting('max_threads')), ' ', {p:String})").Scan(&got); err != nil || got != fmt.Sprint(c+1, " ", c) {
					t.Errorf("client %d saw %q, %v", c, got, err)
				}
			}
		})
	}
	all.Wait()
	if got := must(t, shared.Addr(), "SELECT count(), uniqExact(client, n) FROM many"); got != fmt.Sprintf("%d\t%d\n", clients*batches*rows, clients*batches*rows) {
		t.Errorf("got %s", got)
	}
}

func TestSessions(t *testing.T) {
	need(t)
	in := func(options, sql string) string {
		_, _, body := ask(t, shared.Addr(), "session_id=s1&"+options, sql)
		return body
	}
	for _, c := range []struct{ options, sql, want string }{
		{"", "SELECT 1", "1\n"},
		{"", "CREATE TEMPORARY TABLE mine (a UInt8)", ""},
		{"", "INSERT INTO mine VALUES (7)", ""},
		{"", "SELECT a FROM mine", "7\n"},
		{"", "SET max_threads = 3", ""},
		{"", "SELECT getSetting('max_threads')", "3\n"},
		{"max_threads=1&extremes=0", "SELECT getSetting('max_threads')", "1\n"},
		{"", "SELECT getSetting('max_threads')", "3\n"},
		{"", "USE system", ""},
		{"", "SELECT currentDatabase()", "system\n"},
	} {
		if got := in(c.options, c.sql); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.options, c.sql, got, c.want)
		}
	}
	if _, h, _ := ask(t, shared.Addr(), "session_id=s2", "SELECT a FROM mine"); h.Get("X-ClickHouse-Exception-Code") != "60" {
		t.Error("another session sees the temporary table")
	}
	if _, h, _ := ask(t, shared.Addr(), "", "SET max_threads = 3"); h.Get("X-ClickHouse-Exception-Code") != "" {
		t.Error("SET without a session is refused")
	}
	if _, h, _ := ask(t, shared.Addr(), "session_id=unheard&session_check=1", "SELECT 1"); h.Get("X-ClickHouse-Exception-Code") != "372" {
		t.Error("session_check found a session that is not there")
	}
}

func TestExternalTables(t *testing.T) {
	need(t)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("ids", "ids.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte("1\n3\n"))
	_ = form.WriteField("query", "SELECT number FROM numbers(5) WHERE number IN ids ORDER BY number")
	_ = form.Close()
	_, _, got := send(t, "POST", shared.Addr(), "ids_structure=id+UInt64&ids_format=CSV", body.String(), map[string]string{"Content-Type": form.FormDataContentType()})
	if got != "1\n3\n" {
		t.Errorf("got %q", got)
	}
}

func TestEncodings(t *testing.T) {
	need(t)
	must(t, shared.Addr(), "CREATE OR REPLACE TABLE packed (s String) ENGINE = MergeTree ORDER BY s")
	var body bytes.Buffer
	zipped := gzip.NewWriter(&body)
	_, _ = zipped.Write([]byte("INSERT INTO packed FORMAT TSV\nhello\n"))
	_ = zipped.Close()
	if status, _, text := send(t, "POST", shared.Addr(), "", body.String(), map[string]string{"Content-Encoding": "gzip"}); status != 200 {
		t.Fatal(text)
	}
	if status, _, _ := send(t, "POST", shared.Addr(), "", body.String()[:body.Len()-12], map[string]string{"Content-Encoding": "gzip"}); status == 200 {
		t.Error("a body that was cut off was taken")
	}
	for _, encoding := range []string{"gzip", "zstd", "br", "deflate", "lz4"} {
		_, h, text := send(t, "POST", shared.Addr(), "", "SELECT s FROM packed", map[string]string{"Accept-Encoding": encoding})
		if h.Get("Content-Encoding") != encoding || text == "hello\n" {
			t.Errorf("%s: %v %q", encoding, h, text)
		}
	}
	if _, _, text := send(t, "POST", shared.Addr(), "compress=1&decompress=1", "not compressed", nil); text == "" {
		t.Error("a body that is not compressed was taken")
	}
	if got := must(t, shared.Addr(), "SELECT count() FROM packed"); got != "1\n" {
		t.Errorf("%s rows", got)
	}
}

// TestFormats asks for every output format that the engine has.
func TestFormats(t *testing.T) {
	need(t)
	names := strings.Fields(must(t, shared.Addr(), "SELECT name FROM system.formats WHERE is_output AND name NOT IN ('CapnProto', 'Protobuf', 'ProtobufSingle', 'ProtobufList', 'Template', 'Npy', 'RawBLOB', 'Hash', 'MySQLWire', 'PostgreSQLWire', 'ODBCDriver2', 'GeoJSON', 'PNG', 'AvroConfluent', 'Prometheus')"))
	for _, name := range names {
		status, h, body := ask(t, shared.Addr(), "default_format="+name, "SELECT toInt32(number) AS a, 'x' AS b FROM numbers(2)")
		if status != 200 || body == "" && name != "Null" && name != "DataFrame" || h.Get("X-ClickHouse-Format") != name {
			t.Errorf("%s: %d %q", name, status, body)
		}
	}
	if len(names) < 40 {
		t.Errorf("only %d formats", len(names))
	}
}

// TestLargeResult reads more than the engine may hold for a statement: it has to be streamed.
func TestLargeResult(t *testing.T) {
	need(t)
	for _, format := range []string{"JSON", "Native"} {
		answer, err := http.Post("http://"+shared.Addr()+"/?max_memory_usage=200000000&default_format="+format, "",
			strings.NewReader("SELECT number AS n, repeat('x', 100) AS s FROM numbers(3000000)"))
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if n < 300_000_000 || err != nil {
			t.Errorf("%s: %d bytes, %v", format, n, err)
		}
	}
}
