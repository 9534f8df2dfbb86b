package store

import (
	"crypto/x509"
	"strings"
	"testing"
)

func TestAuthoritiesNeedTLS(t *testing.T) {
	pool := x509.NewCertPool()
	if _, err := (&Config{DSN: "http://127.0.0.1:8123/x", Authorities: pool}).options(); err == nil || !strings.Contains(err.Error(), "secure=true") {
		t.Errorf("authorities for plain text: %v", err)
	}
	for _, dsn := range []string{"https://127.0.0.1:8443/x?secure=true", "clickhouse://127.0.0.1:9440/x?secure=true"} {
		o, err := (&Config{DSN: dsn, Authorities: pool}).options()
		if err != nil || o.TLS == nil || o.TLS.RootCAs != pool {
			t.Errorf("%s: %+v, %v", dsn, o, err)
		}
	}
}
