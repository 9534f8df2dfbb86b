package kafkaconn

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// tlsConfig is nil for plain text.
func (c Config) tlsConfig() (*tls.Config, error) {
	if !c.encrypted() {
		return nil, nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CAFile != "" {
		pool, err := Authorities(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("THROUGHLINE_KAFKA_TLS_CA_FILE: %w", err)
		}
		out.RootCAs = pool
	}
	if c.CertFile != "" {
		own, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("THROUGHLINE_KAFKA_TLS_CERT_FILE and _KEY_FILE: %w", err)
		}
		out.Certificates = []tls.Certificate{own}
	}
	return out, nil
}

// Authorities reads a PEM file of certificates.
func Authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return pool, nil
}

// saslMechanism is nil without authentication.
func (c Config) saslMechanism() (sasl.Mechanism, error) {
	if c.Mechanism == "" {
		return nil, nil
	}
	password, err := c.password()
	if err != nil {
		return nil, err
	}
	algorithm := scram.SHA512
	switch c.mechanism() {
	case "plain":
		return plain.Mechanism{Username: c.User, Password: password}, nil
	case "scram-sha-256":
		algorithm = scram.SHA256
	}
	mechanism, err := scram.Mechanism(algorithm, c.User, password)
	if err != nil {
		// What the library says may quote what it was given.
		return nil, fmt.Errorf("THROUGHLINE_KAFKA_SASL_USER or the password holds characters that SCRAM does not allow")
	}
	return mechanism, nil
}

func (c Config) password() (string, error) {
	if c.PasswordFile == "" {
		return c.Password, nil
	}
	text, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("THROUGHLINE_KAFKA_SASL_PASSWORD_FILE: %w", err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" {
		return "", fmt.Errorf("THROUGHLINE_KAFKA_SASL_PASSWORD_FILE: %s is empty", c.PasswordFile)
	}
	return password, nil
}
