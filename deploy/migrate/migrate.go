// Package migrate takes the DSN of a ClickHouse and gives it the pipeline's tables and views.
package migrate

import (
	"context"
	"crypto/x509"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"

	schema "github.com/throughline/throughline/schemas/clickhouse"
)

// Options of the tables.
type Options struct {
	// The name of the cluster whose replicated and distributed form is made; "" is a single node.
	Cluster string
	// Whether an acknowledged insert is on disk.
	Fsync bool
	// Authorities that may have signed the server's certificate, where the DSN asks for TLS; nil is those of the system.
	Authorities *x509.CertPool
}

// Apply brings the database named by the DSN up to date and gives the names of the migrations that it ran. The database
// need not exist yet.
func Apply(ctx context.Context, dsn string, o Options) (applied []string, err error) {
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	if options.TLS != nil {
		options.TLS.RootCAs = o.Authorities
	}
	if options.Auth.Database == "default" { // no tables of ours belong there
		options.Auth.Database = schema.DefaultDatabase
	}
	form := schema.Form{Database: options.Auth.Database, Cluster: o.Cluster, Fsync: o.Fsync}
	// The database of the DSN may be what has to be created.
	options.Auth.Database = "default"
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	defer conn.Close()
	applied, err = schema.Apply(ctx, conn, form)
	if err != nil {
		return applied, fmt.Errorf("migrate %s: %w", options.Addr, err)
	}
	return applied, nil
}
