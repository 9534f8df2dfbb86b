package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/throughline/throughline/processor/store"
	tables "github.com/throughline/throughline/schemas/clickhouse"
)

// migrated compares the migrations that the database has with those of this program.
func (s server) migrated(ctx context.Context, conn driver.Conn) Finding {
	applied, err := s.applied(ctx, conn)
	if err != nil {
		return s.trouble(err)
	}
	var p problems
	var missing []string
	for _, m := range tables.Migrations() {
		switch sum, ok := applied[m.Version]; {
		case !ok:
			missing = append(missing, m.Name)
		case sum != m.Checksum():
			p.fail("migration "+m.Name+" has changed since it was applied", "use the program that made these tables, or another database")
		}
		delete(applied, m.Version)
	}
	if len(missing) > 0 {
		p.fail("not applied: "+strings.Join(missing, ", "), "throughline migrate")
	}
	if len(applied) > 0 {
		p.warn(many(len(applied), "migration")+" of a newer program in the database", "update this program")
	}
	return p.or(good("%d migrations applied in database %s", len(tables.Migrations()), s.database()))
}

func (s server) applied(ctx context.Context, conn driver.Conn) (map[uint32]string, error) {
	rows, err := conn.Query(ctx, "SELECT version, checksum FROM "+s.table("schema_migrations")+" FINAL")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	applied := map[uint32]string{}
	for rows.Next() {
		var version uint32
		var checksum string
		if err := rows.Scan(&version, &checksum); err != nil {
			return nil, err
		}
		applied[version] = checksum
	}
	return applied, rows.Err()
}

var written = []string{
	store.TableTouchpoints, store.TableSessions, store.TableJourneys, store.TableTransitions, store.TableIdentities, store.TableUnlinks,
	store.TableContributions, store.TableRejected, store.TableRebuilds, store.TableErasures,
}

// access reads and writes each table: an INSERT of no rows needs the same rights as one of many, and leaves nothing.
func (s server) access(ctx context.Context, conn driver.Conn) Finding {
	for _, name := range written {
		table := s.table(name)
		if err := conn.Exec(ctx, "SELECT * FROM "+table+" LIMIT 0"); err != nil {
			return s.trouble(fmt.Errorf("read %s: %w", name, err))
		}
		if err := conn.Exec(ctx, "INSERT INTO "+table+" SELECT * FROM "+table+" WHERE 0"); err != nil {
			return s.trouble(fmt.Errorf("write %s: %w", name, err))
		}
	}
	return good("%d tables can be read and written", len(written))
}

// disks looks at the free space that the server itself sees.
func (s server) disks(ctx context.Context, conn driver.Conn) Finding {
	rows, err := conn.Query(ctx, "SELECT name, free_space, total_space FROM system.disks WHERE total_space > 0")
	if err != nil {
		return skip("system.disks cannot be read: %v", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var p problems
	var found []string
	for rows.Next() {
		var name string
		var free, total uint64
		if err := rows.Scan(&name, &free, &total); err != nil {
			return skip("system.disks cannot be read: %v", err)
		}
		detail := fmt.Sprintf("disk %s has %s of %s free", name, size(free), size(total))
		const todo = "free space on ClickHouse's disk, or add one: merges need room too"
		switch {
		case free < scarce:
			p.fail(detail, todo)
		case free < total/20:
			p.warn(detail, todo)
		}
		found = append(found, detail)
	}
	if err := rows.Err(); err != nil {
		return skip("system.disks cannot be read: %v", err)
	}
	return p.or(good("%s", strings.Join(found, "; ")))
}
