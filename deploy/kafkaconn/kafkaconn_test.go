package kafkaconn

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kelseyhightower/envconfig"
)

// pair writes a self-signed certificate and its key, and gives their files.
func pair(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "here"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	must(t, err)
	bytes, err := x509.MarshalECPrivateKey(private)
	must(t, err)
	dir := t.TempDir()
	return write(t, dir, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		write(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: bytes}))
}

func write(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, os.WriteFile(path, content, 0o600))
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const secret = "kept-to-ourselves"

func TestOpen(t *testing.T) {
	cert, key := pair(t)
	file := write(t, t.TempDir(), "password", []byte(secret+"\n"))
	empty := write(t, t.TempDir(), "empty", []byte("\n"))
	for _, c := range []struct {
		name string
		env  map[string]string
		tls  bool
		sasl string
		err  string
	}{
		{name: "plain text"},
		{name: "TLS by the system's authorities", env: map[string]string{"TLS": "on"}, tls: true},
		{name: "TLS both ways", env: map[string]string{"TLS": "on", "TLS_CA_FILE": cert, "TLS_CERT_FILE": cert, "TLS_KEY_FILE": key, "TLS_SERVER_NAME": "k"}, tls: true},
		{name: "plain", env: map[string]string{"SASL_MECHANISM": "plain", "SASL_USER": "u", "SASL_PASSWORD": secret}, sasl: "PLAIN"},
		{name: "scram 256", env: map[string]string{"SASL_MECHANISM": "scram-sha-256", "SASL_USER": "u", "SASL_PASSWORD": secret}, sasl: "SCRAM-SHA-256"},
		{name: "scram 512 by file, in capitals", env: map[string]string{"SASL_MECHANISM": "SCRAM-SHA-512", "SASL_USER": "u", "SASL_PASSWORD_FILE": file}, sasl: "SCRAM-SHA-512"},

		{name: "TLS neither on nor off", env: map[string]string{"TLS": "yes"}, err: "THROUGHLINE_KAFKA_TLS must be on or off"},
		{name: "authorities without TLS", env: map[string]string{"TLS_CA_FILE": cert}, err: "THROUGHLINE_KAFKA_TLS must be on"},
		{name: "no such file", env: map[string]string{"TLS": "on", "TLS_CA_FILE": "nowhere.pem"}, err: "THROUGHLINE_KAFKA_TLS_CA_FILE: open nowhere.pem"},
		{name: "no certificate", env: map[string]string{"TLS": "on", "TLS_CA_FILE": file}, err: "holds no certificate"},
		{name: "certificate without key", env: map[string]string{"TLS": "on", "TLS_CERT_FILE": cert}, err: "TLS_KEY_FILE must be set"},
		{name: "no such key", env: map[string]string{"TLS": "on", "TLS_CERT_FILE": cert, "TLS_KEY_FILE": "nokey.pem"}, err: "nokey.pem"},
		{name: "unknown mechanism", env: map[string]string{"SASL_MECHANISM": "gssapi", "SASL_USER": "u", "SASL_PASSWORD": secret}, err: "one of plain, scram-sha-256, scram-sha-512"},
		{name: "password without mechanism", env: map[string]string{"SASL_USER": "u", "SASL_PASSWORD": secret}, err: "SASL_MECHANISM must be set"},
		{name: "no user", env: map[string]string{"SASL_MECHANISM": "plain", "SASL_PASSWORD": secret}, err: "SASL_USER must be set"},
		{name: "no password", env: map[string]string{"SASL_MECHANISM": "plain", "SASL_USER": "u"}, err: "SASL_PASSWORD must be set"},
		{name: "two passwords", env: map[string]string{"SASL_MECHANISM": "plain", "SASL_USER": "u", "SASL_PASSWORD": secret, "SASL_PASSWORD_FILE": file}, err: "not both"},
		{name: "no password file", env: map[string]string{"SASL_MECHANISM": "plain", "SASL_USER": "u", "SASL_PASSWORD_FILE": "nofile"}, err: "SASL_PASSWORD_FILE: open nofile"},
		{name: "empty password file", env: map[string]string{"SASL_MECHANISM": "plain", "SASL_USER": "u", "SASL_PASSWORD_FILE": empty}, err: "is empty"},
		{name: "a password that SCRAM cannot carry", env: map[string]string{"SASL_MECHANISM": "scram-sha-256", "SASL_USER": "u", "SASL_PASSWORD": secret + "\u0007"}, err: "SCRAM does not allow"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv("THROUGHLINE_KAFKA_"+name, value)
			}
			var cfg Config
			must(t, envconfig.Process("", &cfg))
			conn, err := cfg.Open()
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), secret) {
					t.Fatalf("error %v, want one that says %q and no secret", err, c.err)
				}
				return
			}
			must(t, err)
			if (conn.TLS != nil) != c.tls || (conn.SASL != nil) != (c.sasl != "") || conn.SASL != nil && conn.SASL.Name() != c.sasl {
				t.Errorf("opened as %+v", conn)
			}
			if len(conn.Brokers) != 1 || conn.Brokers[0] != "127.0.0.1:9092" {
				t.Errorf("brokers %v", conn.Brokers)
			}
		})
	}
}

func TestExposed(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want bool
	}{
		{Config{}, false},
		{Config{Mechanism: "PLAIN"}, true},
		{Config{Mechanism: "plain", TLS: "on"}, false},
		{Config{Mechanism: "scram-sha-256"}, false},
	} {
		if got := c.cfg.Exposed(); got != c.want {
			t.Errorf("%+v: exposed %t", c.cfg, got)
		}
	}
}
