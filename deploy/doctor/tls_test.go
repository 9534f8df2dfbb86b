package doctor

import (
	"crypto/x509"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// TestClickHouseByTLS puts TLS before the engine: it is good with the authority that signed, and without it the doctor
// says what to set.
func TestClickHouseByTLS(t *testing.T) {
	dsn := database(t, "encrypted", true)
	at, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	behind := *at
	behind.User, behind.Path, behind.RawQuery = nil, "", ""
	server := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(&behind))
	t.Cleanup(server.Close)
	at.Scheme, at.Host, at.RawQuery = "https", strings.TrimPrefix(server.URL, "https://"), "secure=true"
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	expect(t, run(t, ClickHouse(at.String(), pool), "clickhouse-access"), OK, "10 tables")
	expect(t, run(t, ClickHouse(at.String(), nil), "clickhouse"), Fail, "THROUGHLINE_CLICKHOUSE_CA_FILE")
}
