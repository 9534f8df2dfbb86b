package forget

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// named are the parameters of a query; ids travel beside its text.
type named map[string]string

// rows calls fn for each row.
func rows(ctx context.Context, conn driver.Conn, sql string, with named, fn func(scan func(...any) error) error) error {
	found, err := conn.Query(clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters(with))), sql)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		if err := fn(found.Scan); err != nil {
			return err
		}
	}
	return found.Err()
}

func texts(ctx context.Context, conn driver.Conn, sql string, with named) (all []string, err error) {
	err = rows(ctx, conn, sql, with, func(scan func(...any) error) error {
		var text string
		err := scan(&text)
		all = append(all, text)
		return err
	})
	return all, err
}

func number(ctx context.Context, conn driver.Conn, sql string, with named) (n uint64, err error) {
	err = rows(ctx, conn, sql, with, func(scan func(...any) error) error { return scan(&n) })
	return n, err
}
