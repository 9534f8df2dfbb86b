package engine_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// ask posts a statement, with options as in a URL's query, and gives status, headers and body.
func ask(t testing.TB, addr, options, body string) (int, http.Header, string) {
	t.Helper()
	return send(t, http.MethodPost, addr, options, body, nil)
}

func send(t testing.TB, method, addr, options, body string, header map[string]string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+addr+"/?"+options, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

// must runs a statement that has to succeed.
func must(t testing.TB, addr, sql string) string {
	t.Helper()
	status, _, body := ask(t, addr, "", sql)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", sql, status, body)
	}
	return body
}

func TestStatements(t *testing.T) {
	need(t)
	at := shared.Addr()
	must(t, at, "CREATE DATABASE IF NOT EXISTS plain")
	must(t, at, "CREATE OR REPLACE TABLE plain.t (a UInt32, s String) ENGINE = MergeTree ORDER BY a")
	for _, c := range []struct{ name, options, body, want string }{
		{"body", "", "SELECT 1", "1\n"},
		{"semicolon", "", "SELECT 1;", "1\n"},
		{"comment", "", "SELECT 1 -- one", "1\n"},
		{"query and body joined", "query=SELECT", "2", "2\n"},
		{"format in the statement", "", "SELECT 1 AS a FORMAT JSONEachRow", "{\"a\":1}\n"},
		{"default format", "default_format=CSV", "SELECT 'x', 2", "\"x\",2\n"},
		{"parameters", "param_a=x%5Cty&param_b=%5B1,2%5D", "SELECT {a:String}, {b:Array(UInt8)}", "x\\ty\t[1,2]\n"},
		{"identifier parameter", "param_t=one", "SELECT * FROM system.{t:Identifier}", "0\n"},
		{"setting", "max_threads=1", "SELECT getSetting('max_threads')", "1\n"},
		{"setting does not stay", "", "SELECT getSetting('max_threads') = 1", "0\n"},
		{"server's own settings", "", "SELECT getSetting('async_insert')", "false\n"},
		{"database", "database=plain", "SELECT currentDatabase()", "plain\n"},
		{"insert in one body", "", "INSERT INTO plain.t FORMAT CSV\n1,\"a\nb\"\n2,\"c\"\n", ""},
		{"insert values", "", "INSERT INTO plain.t (a, s) VALUES (3, 'd;e'), (4, 'f\ng')", ""},
		{"insert with the statement apart", "query=INSERT+INTO+t+FORMAT+JSONEachRow&database=plain", `{"a":5,"s":"h"}`, ""},
		{"insert select", "", "INSERT INTO plain.t SELECT 6, 'i'", ""},
		{"read back", "", "SELECT count(), sum(a), groupArray(s) FROM (SELECT * FROM plain.t ORDER BY a)", "6\t21\t['a\\nb','c','d;e','f\\ng','h','i']\n"},
		{"show", "", "SHOW TABLES FROM plain", "t\n"},
		{"describe", "default_format=JSONCompactEachRow", "DESCRIBE TABLE plain.t", "[\"a\", \"UInt32\", \"\", \"\", \"\", \"\", \"\"]\n[\"s\", \"String\", \"\", \"\", \"\", \"\", \"\"]\n"},
		{"with", "", "WITH 1 AS x SELECT x", "1\n"},
		{"union in brackets", "", "(SELECT 1) UNION ALL (SELECT 1)", "1\n1\n"},
		{"explain", "", "EXPLAIN SYNTAX SELECT 1", "SELECT 1\nFROM system.one\n"},
		{"nothing", "", "SELECT 1 WHERE 0", ""},
		{"null format", "", "SELECT 1 FORMAT Null", ""},
	} {
		if status, _, got := ask(t, at, c.options, c.body); status != http.StatusOK || got != c.want {
			t.Errorf("%s: %d %q, want %q", c.name, status, got, c.want)
		}
	}
}

func TestHeaders(t *testing.T) {
	need(t)
	status, h, body := ask(t, shared.Addr(), "query_id=abc&default_format=JSON", "SELECT number FROM numbers(3)")
	if status != 200 || !strings.Contains(body, `"rows": 3`) || h.Get("X-ClickHouse-Query-Id") != "abc" || h.Get("X-ClickHouse-Format") != "JSON" ||
		h.Get("Content-Type") != "application/json; charset=UTF-8" || h.Get("X-ClickHouse-Timezone") != "UTC" || !strings.Contains(h.Get("X-ClickHouse-Summary"), `"result_rows":"3"`) {
		t.Errorf("%d %v %s", status, h, body)
	}
	must(t, shared.Addr(), "CREATE TABLE IF NOT EXISTS written (a UInt8) ENGINE = Memory")
	if _, h, _ := ask(t, shared.Addr(), "", "INSERT INTO written VALUES (1), (2)"); !strings.Contains(h.Get("X-ClickHouse-Summary"), `"written_rows":"2"`) {
		t.Errorf("summary of an INSERT: %v", h)
	}
	for _, path := range []string{"/ping", "/", "/replicas_status"} {
		answer, err := http.Get("http://" + shared.Addr() + path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if string(text) != "Ok.\n" {
			t.Errorf("%s: %q", path, text)
		}
	}
}

func TestExceptions(t *testing.T) {
	need(t)
	for _, c := range []struct {
		options, body string
		status        int
		code          string
	}{
		{"", "SELEC 1", 400, "62"},
		{"", "", 400, "62"},
		{"", "SELECT * FROM nowhere", 404, "60"},
		{"", "SELECT no_such_function()", 404, "46"},
		{"", "SELECT x", 404, "47"},
		{"", "SELECT 1 FORMAT Nonsense", 404, "73"},
		{"database=nowhere", "SELECT 1", 404, "81"},
		{"no_such_setting=1", "SELECT 1", 404, "115"},
		{"max_threads=many", "SELECT 1", 400, "27"},
		{"", "SELECT {a:UInt8}", 400, "456"},
		{"", "SELECT throwIf(1)", 500, "395"},
		{"", "SELECT 1; SELECT 2", 400, "62"},
		{"", "INSERT INTO nowhere FORMAT CSV\n1", 404, "60"},
		{"", "SELECT 1 INTO OUTFILE '/tmp/never'", 400, "36"},
		{"", "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV", 400, "36"},
		{"max_execution_time=0.2", "SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 1", 408, "159"},
		{"max_memory_usage=1000000", "SELECT count() FROM (SELECT number FROM numbers(10000000) GROUP BY number)", 500, "241"},
		{"user=nobody", "SELECT 1", 403, "516"},
	} {
		status, h, body := ask(t, shared.Addr(), c.options, c.body)
		if status != c.status || h.Get("X-ClickHouse-Exception-Code") != c.code || !strings.HasPrefix(body, "Code: "+c.code+". DB::Exception: ") {
			t.Errorf("%s %s: %d %s %q, want %d %s", c.options, c.body, status, h.Get("X-ClickHouse-Exception-Code"), body, c.status, c.code)
		}
	}
}

func TestGetOnlyReads(t *testing.T) {
	need(t)
	must(t, shared.Addr(), "CREATE OR REPLACE TABLE got (a UInt8) ENGINE = MergeTree ORDER BY a")
	if status, _, body := send(t, "GET", shared.Addr(), "query="+url.QueryEscape("SELECT count() FROM got"), "", nil); status != 200 || body != "0\n" {
		t.Errorf("GET of a SELECT: %d %s", status, body)
	}
	for _, sql := range []string{"DROP TABLE got", "INSERT INTO got VALUES (1)", "INSERT INTO got SELECT 1", "CREATE TABLE more (a Int8) ENGINE = Memory", "SYSTEM FLUSH LOGS"} {
		if _, h, body := send(t, "GET", shared.Addr(), "query="+url.QueryEscape(sql), "", nil); h.Get("X-ClickHouse-Exception-Code") != "164" {
			t.Errorf("GET of %s: %s", sql, body)
		}
	}
	if must(t, shared.Addr(), "SELECT count() FROM got") != "0\n" {
		t.Error("GET wrote")
	}
}
