package engine_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestReaderAttempts tries to write, to change settings, and to reach files and other hosts as a
// reader, on the reader's address and as user "reader" on the ordinary one.
func TestReaderAttempts(t *testing.T) {
	need(t)
	must(t, shared.Addr(), "CREATE OR REPLACE TABLE kept (a UInt8, s String) ENGINE = MergeTree ORDER BY a")
	must(t, shared.Addr(), "INSERT INTO kept VALUES (1, 'x')")
	must(t, shared.Addr(), "CREATE OR REPLACE VIEW above AS SELECT s FROM kept WHERE a > {least:UInt64}")
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("\"swordfish\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int32
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		_, _ = w.Write([]byte("\"swordfish\"\n"))
	}))
	defer outside.Close()
	written := filepath.Join(t.TempDir(), "written")
	attempts := strings.NewReplacer("FILE", secret, "URL", outside.URL, "HOST", outside.Listener.Addr().String(), "OUT", written).Replace(attemptList)
	for _, sql := range strings.Split(strings.TrimSpace(attempts), "\n") {
		for _, way := range []struct{ addr, options string }{{shared.ReaderAddr(), ""}, {shared.Addr(), "user=reader"}, {shared.ReaderAddr(), "session_id=r"}} {
			status, h, body := ask(t, way.addr, way.options, sql)
			if status == http.StatusOK || h.Get("X-ClickHouse-Exception-Code") == "" || strings.Contains(body, "swordfish") {
				t.Errorf("%s %s: %d %q", way.options, sql, status, body)
			}
		}
	}
	if calls.Load() != 0 {
		t.Errorf("%d requests reached another host", calls.Load())
	}
	if _, err := os.Stat(written); err == nil {
		t.Error("a file was written")
	}
	if got := must(t, shared.Addr(), "SELECT count(), any(s) FROM kept"); got != "1\tx\n" {
		t.Errorf("the table now holds %s", got)
	}
}

const attemptList = `
INSERT INTO kept VALUES (2, 'y')
INSERT INTO kept SELECT 2, 'y'
INSERT INTO FUNCTION file('OUT', 'CSV', 'a Int8') SELECT 1
CREATE TABLE other (a Int8) ENGINE = Memory
CREATE TEMPORARY TABLE other (a Int8)
CREATE FUNCTION other AS (x) -> x
CREATE VIEW other AS SELECT * FROM file('FILE', 'CSV', 's String')
ALTER TABLE kept DELETE WHERE 1
ALTER TABLE kept MODIFY COMMENT 'x'
DELETE FROM kept WHERE 1
UPDATE kept SET s = 'y' WHERE 1
TRUNCATE TABLE kept
DROP TABLE kept
RENAME TABLE kept TO lost
DETACH TABLE kept
OPTIMIZE TABLE kept FINAL
EXCHANGE TABLES kept AND kept
SYSTEM FLUSH LOGS
SYSTEM STOP MERGES
SYSTEM SHUTDOWN
KILL QUERY WHERE 1
SET max_threads = 1
SET readonly = 0
USE system
BACKUP TABLE kept TO File('OUT')
SELECT 1 INTO OUTFILE 'OUT'
SELECT 1 SETTINGS readonly = 0
SELECT 1 SETTINGS max_execution_time = 0
SELECT 1; DROP TABLE kept
SELECT 1; KILL QUERY WHERE 1; garbage (
SELECT * FROM file('FILE')
SELECT * FROM file('FILE', 'CSV', 's String')
SELECT file('FILE')
SELECT FILE('FILE')
SELECT (SELECT file('FILE'))
SELECT * FROM (SELECT * FROM view(SELECT file('FILE') AS x))
WITH x AS (SELECT file('FILE') AS y) SELECT y FROM x
SELECT 'swordfis' || 'h' FROM numbers(1) WHERE file('FILE') != ''
SELECT * FROM ` + "`FILE`" + `
SELECT * FROM url('URL', 'CSV', 's String')
SELECT * FROM url('URL')
SELECT * FROM kept WHERE s IN (SELECT s FROM url('URL', 'CSV', 's String'))
SELECT * FROM kept JOIN url('URL', 'CSV', 's String') AS u ON kept.s = u.s
SELECT * FROM kept UNION ALL SELECT 1, s FROM url('URL', 'CSV', 's String')
SELECT * FROM urlCluster('default', 'URL', 'CSV', 's String')
SELECT * FROM s3('URL/bucket/key', 'CSV', 's String')
SELECT * FROM s3('URL/bucket/key', 'a', 'b', 'CSV')
SELECT * FROM gcs('URL/bucket/key', 'CSV', 's String')
SELECT * FROM hdfs('hdfs://HOST/x', 'CSV', 's String')
SELECT * FROM iceberg('URL/bucket/key')
SELECT * FROM icebergLocal('FILE')
SELECT * FROM deltaLake('URL/bucket/key')
SELECT * FROM deltaLakeLocal('FILE')
SELECT * FROM azureBlobStorage('URL', 'a', 'b', 'c', 'd')
SELECT * FROM remote('HOST', system.one)
SELECT * FROM remoteSecure('HOST', system.one)
SELECT * FROM cluster('default', system.one)
SELECT * FROM clusterAllReplicas('default', system.one)
SELECT * FROM mysql('HOST', 'a', 'b', 'c', 'd')
SELECT * FROM postgresql('HOST', 'a', 'b', 'c', 'd')
SELECT * FROM mongodb('HOST', 'a', 'b', 'c', 'd', 'x Int8')
SELECT * FROM redis('HOST', 'k', 'k String')
SELECT * FROM sqlite('FILE', 't')
SELECT * FROM odbc('DSN=x', 'a', 'b')
SELECT * FROM jdbc('URL', 'a', 'b')
SELECT * FROM executable('id', 'CSV', 's String')
SELECT * FROM filesystem('/')
SELECT * FROM input('a Int8')
SELECT * FROM loop(kept)
SELECT * FROM fuzzJSON('x')
SELECT * FROM eval('SELECT 1')
SELECT * FROM nosuchview(a = 1)
SELECT * FROM nosuch.view(a = 1)
SELECT * FROM default.kept(a = 1)
SELECT * FROM above(least = (SELECT file('FILE')))
SELECT * FROM default.file('FILE')
SELECT * FROM viewExplain('', '', (SELECT file('FILE')))
SELECT addressToLine(1)
SELECT sleep(3)
DESCRIBE TABLE file('FILE')
DESCRIBE TABLE url('URL')
EXPLAIN SELECT * FROM url('URL', 'CSV', 's String')
EXPLAIN AST SELECT * FROM url('URL')
EXPLAIN PLAN SELECT file('FILE')
SHOW COLUMNS FROM file('FILE')`

func TestReaderMayRead(t *testing.T) {
	need(t)
	must(t, shared.Addr(), "CREATE DATABASE IF NOT EXISTS shop")
	must(t, shared.Addr(), "CREATE OR REPLACE TABLE shop.orders (a UInt8, at DateTime) ENGINE = ReplacingMergeTree ORDER BY a")
	must(t, shared.Addr(), "CREATE OR REPLACE VIEW shop.latest AS SELECT * FROM shop.orders FINAL")
	must(t, shared.Addr(), "CREATE OR REPLACE VIEW shop.Above AS SELECT a FROM shop.orders FINAL WHERE a > {least:UInt8}")
	must(t, shared.Addr(), "INSERT INTO shop.orders VALUES (1, 0), (2, 0)")
	for sql, want := range map[string]string{
		"SELECT count() FROM shop.latest":     "2\n",
		"SELECT a FROM shop.Above(least = 1)": "2\n",
		"SELECT count() FROM (SELECT x.a FROM shop.Above(least = 0) AS x JOIN shop.orders AS o ON x.a = o.a)": "2\n",
		"SELECT * FROM numbers(2)":                                      "0\n1\n",
		"SELECT format('{}-{}', 'a', 'b')":                              "a-b\n",
		"SELECT a, count() OVER () FROM shop.orders ORDER BY a":         "1\t2\n2\t2\n",
		"SHOW TABLES FROM shop":                                         "Above\nlatest\norders\n",
		"SELECT name FROM system.columns WHERE database='shop' LIMIT 1": "a\n",
		"EXISTS TABLE shop.orders":                                      "1\n",
		"WITH toDate('2026-01-01') AS d SELECT d IN ('2026-01-01')":     "1\n",
		"SELECT * FROM (SELECT sum(a) FROM shop.orders) FORMAT CSV":     "3\n",
		"SELECT x FROM values('x UInt8', 1, 2) ORDER BY x":              "1\n2\n",
		"DESCRIBE TABLE shop.latest FORMAT Null":                        "",
		"SELECT 'DROP TABLE x; file(''y'')'":                            "DROP TABLE x; file(\\'y\\')\n",
	} {
		if status, _, got := ask(t, shared.ReaderAddr(), "max_threads=1&output_format_json_quote_64bit_integers=0", sql); status != 200 || got != want {
			t.Errorf("%s: %d %q, want %q", sql, status, got, want)
		}
	}
	if status, _, body := ask(t, shared.ReaderAddr(), "param_t=orders&database=shop", "SELECT count() FROM {t:Identifier}"); status != 200 {
		t.Errorf("parameters: %d %s", status, body)
	}
	if status, _, body := ask(t, shared.ReaderAddr(), "param_n=1&database=shop", "SELECT a FROM Above(least = {n:UInt8})"); status != 200 || body != "2\n" {
		t.Errorf("a view with parameters: %d %s", status, body)
	}
}

func TestReaderSettings(t *testing.T) {
	need(t)
	for _, setting := range []string{"format_schema=/etc/passwd:x", "format_template_row=/etc/passwd", "allow_introspection_functions=1", "allow_ddl=1", "max_server_memory_usage=1", "http_proxy=x",
		"storage_file_read_method=read", "log_queries=0", "async_insert=1", "format_schema_source=string"} {
		if _, h, body := ask(t, shared.ReaderAddr(), setting, "SELECT 1"); h.Get("X-ClickHouse-Exception-Code") != "164" && h.Get("X-ClickHouse-Exception-Code") != "115" {
			t.Errorf("%s was accepted: %s", setting, body)
		}
	}
	for setting, want := range map[string]string{"readonly=0": "1", "readonly=2": "1"} {
		if _, _, got := ask(t, shared.ReaderAddr(), setting, "SELECT toString(getSetting('readonly'))"); strings.TrimSpace(got) != want {
			t.Errorf("%s: readonly is %q", setting, got)
		}
	}
	from := time.Now()
	status, h, body := ask(t, shared.ReaderAddr(), "max_execution_time=0", "SELECT count() FROM "+url.PathEscape("system.numbers")+" WHERE sipHash64(number) = 1")
	if status != http.StatusRequestTimeout || h.Get("X-ClickHouse-Exception-Code") != "159" {
		t.Errorf("a reader's endless query: %d %s after %s", status, body, time.Since(from))
	}
}
