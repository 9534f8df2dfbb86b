package dashboards

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// table is an answer of the engine.
type table struct {
	Meta []struct{ Name, Type string }
	Data []map[string]any
}

// query asks the engine and fails the test where it refuses.
func query(t testing.TB, addr, sql string) table {
	t.Helper()
	body, ok := ask(t, addr, sql)
	if !ok {
		t.Fatalf("%s\n%s", sql, body)
	}
	return decoded(t, sql, body)
}

// decoded reads an answer; that of a statement has no body.
func decoded(t testing.TB, sql, body string) (answer table) {
	t.Helper()
	if body != "" {
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatalf("%s\n%v in %.300s", sql, err, body)
		}
	}
	return answer
}

// ask gives the engine's answer, and whether it is one and no refusal.
func ask(t testing.TB, addr, sql string) (string, bool) {
	t.Helper()
	return askAt(t, addr+"/?", sql)
}

// askAt asks an address that may have options already, and ends in ? or &.
func askAt(t testing.TB, address, sql string) (string, bool) {
	t.Helper()
	options := url.Values{"database": {"throughline"}, "default_format": {"JSON"}, "output_format_json_quote_64bit_integers": {"0"}}
	resp, err := http.Post("http://"+address+options.Encode(), "text/plain", strings.NewReader(sql))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), resp.StatusCode == http.StatusOK
}
