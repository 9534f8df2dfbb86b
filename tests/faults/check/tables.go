package check

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/throughline/throughline/deploy/migrate"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/sites"
)

// Tables compares the tables behind a DSN of ClickHouse with the ledger and with the rules of the sites. What the tables should
// hold stays in the database "expected" beside the first, for a person to look at. Nothing may write meanwhile. A nil
// ledger is not looked at.
func Tables(ctx context.Context, dsn string, all *sites.Sites, ledger *Ledger) (*Verdict, error) {
	c := &comparison{verdict: &Verdict{Rows: map[string]int{}}, database: "expected"}
	if err := c.open(ctx, dsn); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	defer c.close()
	steps := []func(context.Context) error{
		func(ctx context.Context) error { return c.expect(ctx, all) },
		c.derived,
		func(ctx context.Context) error { return c.touchpoints(ctx, ledger) },
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("check: %w", err)
		}
	}
	return c.verdict, nil
}

// comparison is one run of Tables.
type comparison struct {
	verdict *Verdict
	// The database that is looked at, and the one of what it should hold.
	source, database string
	conn             driver.Conn
	from, to         *store.Store
}

// open connects, and makes the second database, empty.
func (c *comparison) open(ctx context.Context, dsn string) (err error) {
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		return err
	}
	options.ReadTimeout = 10 * time.Minute
	c.source = options.Auth.Database
	if c.conn, err = clickhouse.Open(options); err != nil {
		return err
	}
	second, err := url.Parse(dsn)
	if err != nil {
		return err
	}
	second.Path = "/" + c.database
	if _, err := migrate.Apply(ctx, second.String(), migrate.Options{}); err != nil {
		return err
	}
	for _, table := range []string{store.TableTouchpoints, store.TableSessions, store.TableJourneys, store.TableTransitions} {
		if err := c.conn.Exec(ctx, "TRUNCATE TABLE "+c.database+"."+table); err != nil {
			return err
		}
	}
	quiet := slog.New(slog.DiscardHandler)
	if c.from, err = store.New(store.Config{DSN: dsn}, quiet, nil); err != nil {
		return err
	}
	c.to, err = store.New(store.Config{DSN: second.String()}, quiet, nil)
	return err
}

func (c *comparison) close() {
	for _, s := range []*store.Store{c.from, c.to} {
		if s != nil {
			_ = s.Close()
		}
	}
	_ = c.conn.Close()
}

// view is what is compared of one view: its key, and what depends on the moment of asking or of writing and is left out.
type view struct{ name, key, except string }

var derivedViews = []view{
	{"sessions", "session_id", "version"},
	{"journeys", "journey_id", "version, is_open, close_reason"},
	{"stage_transitions", "transition_id", "version"},
	// Its session, journey and stage are looked up in the other tables.
	{"touchpoints", "message_id", "version"},
}

// derived compares each view of the two databases.
func (c *comparison) derived(ctx context.Context) error {
	for _, v := range derivedViews {
		got, err := c.digests(ctx, c.source, v)
		if err != nil {
			return err
		}
		want, err := c.digests(ctx, c.database, v)
		if err != nil {
			return err
		}
		c.verdict.Rows[v.name] = len(got)
		if err := c.differences(ctx, v, got, want); err != nil {
			return err
		}
	}
	return nil
}

// digests gives, for each key of a view, the digests of its rows.
func (c *comparison) digests(ctx context.Context, database string, v view) (map[string][]uint64, error) {
	rows, err := c.conn.Query(ctx, fmt.Sprintf("SELECT concat(site, ' ', toString(%s)), sipHash64(toString(tuple(* EXCEPT (%s)))) FROM %s.%s",
		v.key, v.except, database, v.name))
	if err != nil {
		return nil, fmt.Errorf("view %s: %w", v.name, err)
	}
	defer rows.Close()
	out := map[string][]uint64{}
	for rows.Next() {
		var name string
		var digest uint64
		if err := rows.Scan(&name, &digest); err != nil {
			return nil, fmt.Errorf("view %s: %w", v.name, err)
		}
		out[name] = append(out[name], digest)
	}
	return out, rows.Err()
}

// differences turns digests that are not the same into findings.
func (c *comparison) differences(ctx context.Context, v view, got, want map[string][]uint64) error {
	for name, digests := range got {
		should := want[name]
		switch {
		case len(should) == 0:
			c.verdict.add(Phantom, v.name, name, "%s", c.show(ctx, c.source, v, name))
		case len(digests) > 1:
			c.verdict.add(Duplicated, v.name, name, "%s", c.show(ctx, c.source, v, name))
		case digests[0] != should[0]:
			c.verdict.add(Reordered, v.name, name, "\n     is %s\n should %s", c.show(ctx, c.source, v, name), c.show(ctx, c.database, v, name))
		}
	}
	for name := range want {
		if len(got[name]) == 0 {
			c.verdict.add(Lost, v.name, name, "%s", c.show(ctx, c.database, v, name))
		}
	}
	return ctx.Err()
}

// show gives the rows of one key as text, for a person; only for the first few, since each is a query.
func (c *comparison) show(ctx context.Context, database string, v view, name string) string {
	if len(c.verdict.Findings) > 20 {
		return ""
	}
	var text string
	err := c.conn.QueryRow(ctx, fmt.Sprintf("SELECT arrayStringConcat(groupArray(toString(tuple(* EXCEPT (%s)))), '; ') FROM %s.%s "+
		"WHERE concat(site, ' ', toString(%s)) = '%s'", v.except, database, v.name, v.key, name)).Scan(&text)
	if err != nil {
		return err.Error()
	}
	return text
}

// touchpoints compares what is stored with the ledger.
func (c *comparison) touchpoints(ctx context.Context, ledger *Ledger) error {
	if ledger == nil {
		return nil
	}
	rows, err := c.conn.Query(ctx, "SELECT site, message_id, customer_id, event, toUnixTimestamp64Milli(occurred_at), sent_stage FROM "+
		c.source+".touchpoints_log FINAL")
	if err != nil {
		return fmt.Errorf("touchpoints: %w", err)
	}
	defer rows.Close()
	var stored []Event
	for rows.Next() {
		var e Event
		if err := rows.Scan(&e.Site, &e.MessageID, &e.CustomerID, &e.Name, &e.OccurredAt, &e.Stage); err != nil {
			return fmt.Errorf("touchpoints: %w", err)
		}
		stored = append(stored, e)
	}
	ledger.compare(stored, c.verdict)
	return rows.Err()
}
