package kafka

import (
	"bytes"
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/suite"
)

// lateUser is one that the cluster does not know at first.
const lateUser, lateSecret = "late", "a-secret-nobody-may-read"

// TestSecurity runs the pipeline with TLS and SASL on every connection, to a ClickHouse behind TLS, as a user whom the cluster does
// not know yet. Touchpoints are acknowledged into the spool, everybody says what is wrong and asks again; once the user
// exists everything arrives. The secret is in no log.
func TestSecurity(t *testing.T) {
	triple.need(t)
	remote := triple.conn()
	conn, err := remote.Open()
	must(t, err)
	admin := conn.Client(10 * time.Second)
	defer admin.Transport.(*kafka.Transport).CloseIdleConnections()
	forgetUser(t, admin)

	engine, certificate := tlsBefore(t)
	s := harness.NewServicesAt(t, suite.Sites, remote, "6")
	engine.Store(s.ClickHouse)
	late := append(harness.KafkaVariables(kafkaconn.Config{User: lateUser, Password: lateSecret}),
		"CLICKHOUSE_DSN=https://"+engine.addr+"/throughline?secure=true", "CLICKHOUSE_CA_FILE="+certificate)
	s.Collector.Stop(t)
	s.Set(late...)
	s.StartCollector(t)
	processor := s.StartProcessor(t, 1)

	live := suite.NewLive(s.Pipeline)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); live.Run(ctx) }()
	acknowledges(t, live, 30)
	harness.Eventually(t, patience, "collector and processor say what is wrong", func() error {
		if log := s.LogTail(1 << 20); strings.Count(log, "SASL Authentication Failed") < 2 {
			return fmt.Errorf("they do not:\n%.2000s", log)
		}
		return nil
	})
	for command, says := range map[string]string{"doctor": "THROUGHLINE_KAFKA_SASL_USER", "topics": "THROUGHLINE_KAFKA_SASL_USER", "tail": "THROUGHLINE_KAFKA_SASL_USER"} {
		out, err := s.Command(t.Context(), command)
		if err == nil || !strings.Contains(out, says) || strings.Contains(out, lateSecret) {
			t.Errorf("%s: %v: does not say %q, or says too much:\n%s", command, err, says, out)
		}
	}

	addUser(t, admin)
	acknowledges(t, live, 30)
	cancel()
	<-done
	s.CaughtUp(t, patience)
	harness.Eventually(t, patience, "the spool is drained", func() error { return inTable(t, s, live.Acknowledged()) })
	live.Check(t, s.Pipeline)
	out, err := s.Command(t.Context(), "doctor", "--skip", "processor,open-files")
	t.Logf("doctor: %v\n%s", err, out)
	if strings.Contains(out, "FAIL  kafka") || strings.Contains(out, "FAIL  clickhouse") || !strings.Contains(out, "3 brokers") {
		t.Error("the doctor does not find Kafka and ClickHouse good")
	}
	processor.Stop(t)
	if strings.Contains(s.LogTail(1<<24), lateSecret) {
		t.Error("the secret is in a log")
	}
}

func inTable(t *testing.T, s *harness.Services, want int) error {
	if got := s.Query(t, "SELECT count() FROM touchpoints WHERE site = 'main'"); got != fmt.Sprint(want) {
		return fmt.Errorf("%s of %d are in the table", got, want)
	}
	return nil
}

// addUser lets a user in, by the hash of the password that SCRAM keeps.
func addUser(t *testing.T, admin *kafka.Client) {
	t.Helper()
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	const iterations = 4096
	salted, err := pbkdf2.Key(sha512.New, lateSecret, salt, iterations, sha512.Size)
	must(t, err)
	res, err := admin.AlterUserScramCredentials(t.Context(), &kafka.AlterUserScramCredentialsRequest{
		Upsertions: []kafka.UserScramCredentialsUpsertion{{
			Name: lateUser, Mechanism: kafka.ScramMechanismSha512, Iterations: iterations, Salt: salt, SaltedPassword: salted,
		}},
	})
	must(t, err)
	for _, r := range res.Results {
		must(t, r.Error)
	}
}

// forgetUser undoes addUser, for a run before this one.
func forgetUser(t *testing.T, admin *kafka.Client) {
	t.Helper()
	_, err := admin.AlterUserScramCredentials(t.Context(), &kafka.AlterUserScramCredentialsRequest{
		Deletions: []kafka.UserScramCredentialsDeletion{{Name: lateUser, Mechanism: kafka.ScramMechanismSha512}},
	})
	must(t, err) // that there is none is in the results
}

// front is TLS in front of an HTTP address that is set later.
type front struct {
	addr   string
	target chan *url.URL
}

// Store names the address behind.
func (f *front) Store(addr string) { f.target <- &url.URL{Scheme: "http", Host: addr} }

// tlsBefore starts a front, and gives a file of the authority that it needs.
func tlsBefore(t *testing.T) (*front, string) {
	t.Helper()
	f := &front{target: make(chan *url.URL, 1)}
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		to := <-f.target
		f.target <- to
		r.SetURL(to)
	}})
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	f.addr = strings.TrimPrefix(server.URL, "https://")
	file := filepath.Join(t.TempDir(), "clickhouse-ca.pem")
	var text bytes.Buffer
	certificate, err := x509.ParseCertificate(server.TLS.Certificates[0].Certificate[0])
	must(t, err)
	must(t, pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
	must(t, os.WriteFile(file, text.Bytes(), 0o644))
	return f, file
}

// TestPlainClientsAreTold dials the secure listeners without TLS, with the system's authorities, and without a user: each
// error says what to set.
func TestPlainClientsAreTold(t *testing.T) {
	triple.need(t)
	for name, c := range map[string]struct {
		change func(*kafkaconn.Config)
		says   string
	}{
		"no TLS":       {func(c *kafkaconn.Config) { c.TLS, c.CAFile = "off", "" }, "THROUGHLINE_KAFKA_TLS=on"},
		"no authority": {func(c *kafkaconn.Config) { c.CAFile = "" }, "THROUGHLINE_KAFKA_TLS_CA_FILE"},
		"no user":      {func(c *kafkaconn.Config) { c.Mechanism, c.User, c.Password = "", "", "" }, "THROUGHLINE_KAFKA_SASL_MECHANISM"},
		"wrong secret": {func(c *kafkaconn.Config) { c.Password = "wrong" }, "THROUGHLINE_KAFKA_SASL_USER"},
		"wrong name":   {func(c *kafkaconn.Config) { c.ServerName = "elsewhere.example" }, "THROUGHLINE_KAFKA_TLS_SERVER_NAME"},
		"PLAIN":        {func(c *kafkaconn.Config) { c.Mechanism = "plain" }, ""},
		"SCRAM 256":    {func(c *kafkaconn.Config) { c.Mechanism = "scram-sha-256" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := triple.conn()
			c.change(&cfg)
			conn, err := cfg.Open()
			must(t, err)
			client := conn.Client(10 * time.Second)
			defer client.Transport.(*kafka.Transport).CloseIdleConnections()
			_, err = client.Metadata(t.Context(), &kafka.MetadataRequest{})
			advice := kafkaconn.Advice(err)
			if (err == nil) != (c.says == "") || !strings.Contains(advice, c.says) {
				t.Errorf("error %v, advice %q, want %q", err, advice, c.says)
			}
		})
	}
}
