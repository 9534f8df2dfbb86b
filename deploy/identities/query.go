package identities

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// query calls fn for each row of a query about a site and an id, which travel as parameters.
func query(ctx context.Context, conn driver.Conn, fn func(scan func(...any) error) error, sql, site, id string) error {
	rows, err := conn.Query(clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"site": site, "id": id})), sql)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
