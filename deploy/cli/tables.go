package cli

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/throughline/throughline/deploy/kafkaconn"
	schema "github.com/throughline/throughline/schemas/clickhouse"
)

// tables is where ClickHouse is, with what stood in files. Authorities are nil for those of the system.
type tables struct {
	DSN         string
	Authorities *x509.CertPool
}

// open reads the files that are named. Its errors hold no secret.
func (c ClickHouse) open() (out tables, err error) {
	out.DSN = c.DSN
	if c.PasswordFile != "" {
		if out.DSN, err = withPassword(c.DSN, c.PasswordFile); err != nil {
			return tables{}, usageError(fmt.Errorf("configuration: THROUGHLINE_CLICKHOUSE_PASSWORD_FILE: %w", err))
		}
	}
	if c.CAFile == "" {
		return out, nil
	}
	if out.Authorities, err = kafkaconn.Authorities(c.CAFile); err != nil {
		return tables{}, usageError(fmt.Errorf("configuration: THROUGHLINE_CLICKHOUSE_CA_FILE: %w", err))
	}
	return out, nil
}

// withPassword puts the content of a file into a DSN, for the user that it names or for the one named default.
func withPassword(dsn, file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" {
		return "", fmt.Errorf("%s is empty", file)
	}
	at, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("THROUGHLINE_CLICKHOUSE_DSN is no address") // what the library says quotes it
	}
	user := "default"
	if at.User != nil && at.User.Username() != "" {
		user = at.User.Username()
	}
	at.User = url.UserPassword(user, password)
	return at.String(), nil
}

// databaseOf is the database that a DSN names, or the usual one.
func databaseOf(dsn string) (string, error) {
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		return "", usageError(fmt.Errorf("THROUGHLINE_CLICKHOUSE_DSN: %w", err))
	}
	if options.Auth.Database == "" || options.Auth.Database == "default" {
		return schema.DefaultDatabase, nil
	}
	return options.Auth.Database, nil
}
