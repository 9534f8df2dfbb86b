package clickhouse

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Conn is what Apply needs of a connection to ClickHouse; clickhouse-go's driver.Conn has it.
type Conn interface {
	Exec(ctx context.Context, query string, args ...any) error
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// Apply brings the database up to date and returns the names of the migrations that it ran, so far when it
// fails. What was applied before is left alone; where its file has changed since, Apply says so and stops.
// Every statement may be run again, so a failed Apply is repeated by calling it again.
func Apply(ctx context.Context, conn Conn, f Form) (applied []string, err error) {
	if err := f.bootstrap(ctx, conn); err != nil {
		return nil, err
	}
	known, err := f.appliedBefore(ctx, conn)
	if err != nil {
		return nil, err
	}
	for _, m := range Migrations() {
		switch sum, ok := known[m.Version]; {
		case ok && sum == m.Checksum():
		case ok:
			return applied, fmt.Errorf("migration %s has changed since it was applied (then %.12s, now %.12s): add a new migration instead", m.Name, sum, m.Checksum())
		default:
			if err := f.run(ctx, conn, m); err != nil {
				return applied, err
			}
			applied = append(applied, m.Name)
		}
	}
	return applied, nil
}

func (f Form) bootstrap(ctx context.Context, conn Conn) error {
	engine := "ReplacingMergeTree(applied_at)"
	if f.Cluster != "" { // one table for all shards: its path names none
		engine = fmt.Sprintf("ReplicatedReplacingMergeTree(%s, '{shard}-{replica}', applied_at)",
			quoteString("/clickhouse/tables/"+f.plainDatabase()+"/schema_migrations"))
	}
	for _, sql := range []string{
		"CREATE DATABASE IF NOT EXISTS " + f.database() + f.on(),
		"CREATE TABLE IF NOT EXISTS " + f.database() + ".schema_migrations" + f.on() +
			" (version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = " +
			engine + " ORDER BY version COMMENT 'Migrations that were applied'",
	} {
		if err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("prepare migrations: %w", err)
		}
	}
	return nil
}

func (f Form) appliedBefore(ctx context.Context, conn Conn) (map[uint32]string, error) {
	rows, err := conn.Query(ctx, "SELECT version, checksum FROM "+f.database()+".schema_migrations FINAL ORDER BY version")
	if err != nil {
		return nil, fmt.Errorf("read applied migrations: %w", err)
	}
	defer rows.Close()
	known := map[uint32]string{}
	for rows.Next() {
		var version uint32
		var checksum string
		if err := rows.Scan(&version, &checksum); err != nil {
			return nil, fmt.Errorf("read applied migrations: %w", err)
		}
		known[version] = checksum
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read applied migrations: %w", err)
	}
	return known, nil
}

func (f Form) run(ctx context.Context, conn Conn, m Migration) error {
	statements, err := m.Render(f)
	if err != nil {
		return err
	}
	for i, sql := range statements {
		if err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("migration %s, statement %d: %w", m.Name, i+1, err)
		}
	}
	record := fmt.Sprintf("INSERT INTO %s.schema_migrations (version, name, checksum) SELECT %d, %s, %s",
		f.database(), m.Version, quoteString(m.Name), quoteString(m.Checksum()))
	if err := conn.Exec(ctx, record); err != nil {
		return fmt.Errorf("record migration %s: %w", m.Name, err)
	}
	return nil
}
