package cli

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTables(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	ca := file("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	password := file("password", "p@ss/word\n")
	for _, c := range []struct {
		name string
		cfg  ClickHouse
		dsn  string
		ca   bool
		err  string
	}{
		{"as it is", ClickHouse{DSN: "http://u:p@h:8123/db"}, "http://u:p@h:8123/db", false, ""},
		{"password by file", ClickHouse{DSN: "http://ada@h:8123/db", PasswordFile: password}, "http://ada:p%40ss%2Fword@h:8123/db", false, ""},
		{"password by file, no user", ClickHouse{DSN: "https://h:8443/db?secure=true", PasswordFile: password, CAFile: ca}, "https://default:p%40ss%2Fword@h:8443/db?secure=true", true, ""},
		{"no such file", ClickHouse{DSN: "http://h", PasswordFile: "nofile"}, "", false, "THROUGHLINE_CLICKHOUSE_PASSWORD_FILE: open nofile"},
		{"empty file", ClickHouse{DSN: "http://h", PasswordFile: file("empty", "\n")}, "", false, "is empty"},
		{"no address", ClickHouse{DSN: "http://u:topsecret@h:x/\x01", PasswordFile: password}, "", false, "no address"},
		{"no authorities", ClickHouse{DSN: "http://h", CAFile: password}, "", false, "THROUGHLINE_CLICKHOUSE_CA_FILE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.cfg.open()
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "topsecret") {
					t.Fatalf("error %v, want %q and no secret", err, c.err)
				}
				return
			}
			if err != nil || got.DSN != c.dsn || (got.Authorities != nil) != c.ca {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}
