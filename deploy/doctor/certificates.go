package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/throughline/throughline/deploy/kafkaconn"
)

// expiresSoon is how long before its end a certificate is worth a word.
const expiresSoon = 14 * 24 * time.Hour

// certificate is one that somebody shows, with what to do about it.
type certificate struct {
	whose, todo string
	leaf        *x509.Certificate
}

// Certificates checks how long those of Kafka, of ClickHouse and our own are still good.
func Certificates(name string, conn kafkaconn.Conn, dsn string) Check {
	return Check{Name: name, Run: func(ctx context.Context) Finding {
		all, unseen := shown(ctx, conn, dsn)
		if len(all)+len(unseen) == 0 {
			return skip("no connection uses TLS")
		}
		return judgeCertificates(all, unseen, time.Now())
	}}
}

func judgeCertificates(all []certificate, unseen []string, now time.Time) Finding {
	var p problems
	var found []string
	for _, c := range all {
		left := c.leaf.NotAfter.Sub(now)
		day := c.leaf.NotAfter.UTC().Format(time.DateOnly)
		switch {
		case now.Before(c.leaf.NotBefore):
			p.fail(fmt.Sprintf("the certificate of %s is good only from %s on", c.whose, c.leaf.NotBefore.UTC().Format(time.DateTime)),
				"see whether the clocks are right (timedatectl)")
		case left <= 0:
			p.fail(fmt.Sprintf("the certificate of %s has expired on %s", c.whose, day), c.todo)
		case left < expiresSoon:
			p.warn(fmt.Sprintf("the certificate of %s expires on %s", c.whose, day), c.todo)
		}
		found = append(found, c.whose+" until "+day)
	}
	if len(all) == 0 {
		return skip("none was shown: %s", strings.Join(unseen, "; "))
	}
	return p.or(good("%s", strings.Join(found, ", ")))
}

// shown asks everybody for their certificate without judging it; unseen says who showed none.
func shown(ctx context.Context, conn kafkaconn.Conn, dsn string) (all []certificate, unseen []string) {
	ask := func(addr, todo string, config *tls.Config) {
		leaf, err := peer(ctx, addr, config)
		if err != nil {
			unseen = append(unseen, fmt.Sprintf("%s: %v", addr, err))
			return
		}
		all = append(all, certificate{whose: addr, todo: todo, leaf: leaf})
	}
	if conn.TLS != nil {
		for _, own := range conn.TLS.Certificates {
			if leaf, err := x509.ParseCertificate(own.Certificate[0]); err == nil {
				all = append(all, certificate{"our own for Kafka", "renew the file of THROUGHLINE_KAFKA_TLS_CERT_FILE", leaf})
			}
		}
		for _, broker := range conn.Brokers {
			ask(broker, "renew the certificate of that broker", conn.TLS)
		}
	}
	if o, err := clickhouse.ParseDSN(dsn); err == nil && o.TLS != nil {
		for _, addr := range o.Addr {
			ask(addr, "renew the certificate of ClickHouse", o.TLS)
		}
	}
	return all, slices.Compact(unseen)
}

// peer dials and gives the certificate that is shown, good or not: the checks of the servers judge whether it is trusted.
func peer(ctx context.Context, addr string, config *tls.Config) (leaf *x509.Certificate, err error) {
	config = config.Clone()
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(s tls.ConnectionState) error {
		leaf = s.PeerCertificates[0]
		return nil
	}
	if host, _, err := net.SplitHostPort(addr); err == nil && config.ServerName == "" {
		config.ServerName = host
	}
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: 2 * time.Second}, Config: config}
	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err == nil {
		_ = c.Close() // nothing was said
	}
	if leaf != nil { // one who asks for our certificate may refuse us only afterwards
		return leaf, nil
	}
	return nil, err
}
