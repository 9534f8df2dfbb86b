package store

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Store writes to and reads back from ClickHouse. It is safe for concurrent use.
type Store struct {
	cfg      Config
	database string
	conn     driver.Conn
	log      *slog.Logger
	watch    watch

	touchpoints   *table[touchpointRow]
	sessions      *table[*journey.Session]
	journeys      *table[*journey.Journey]
	transitions   *table[*journey.Transition]
	identities    *table[*Identity]
	unlinks       *table[*Unlink]
	contributions *table[*Contribution]
	rejected      *table[*touchpoint.Rejection]
	rebuilds      *table[*RebuildStep]
	erasures      *table[*Erasure]
}

// New validates the configuration and connects to nothing yet. reg may be nil.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Store, error) {
	cfg.setDefaults()
	opts, err := cfg.options()
	if err != nil {
		return nil, err
	}
	conn, err := clickhouse.Open(opts) // dials at the first query
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Store{cfg: cfg, database: opts.Auth.Database, conn: conn, log: log}
	m, err := newMetrics(reg, &s.watch)
	if err != nil {
		return nil, err
	}
	w := &writer{cfg: &s.cfg, log: log, metrics: m, database: s.database}
	w.send = nativeSender(conn)
	if opts.Protocol == clickhouse.HTTP {
		w.send = formatSender(conn)
	}
	s.touchpoints = newTable(w, TableTouchpoints, touchpointColumns)
	s.sessions = newTable(w, TableSessions, sessionColumns)
	s.journeys = newTable(w, TableJourneys, journeyColumns)
	s.transitions = newTable(w, TableTransitions, transitionColumns)
	s.identities = newTable(w, TableIdentities, identityColumns)
	s.unlinks = newTable(w, TableUnlinks, unlinkColumns)
	s.contributions = newTable(w, TableContributions, contributionColumns)
	s.rejected = newTable(w, TableRejected, rejectedColumns)
	s.rebuilds = newTable(w, TableRebuilds, rebuildColumns)
	s.erasures = newTable(w, TableErasures, erasureColumns)
	return s, nil
}

// Open is New followed by Check.
func Open(ctx context.Context, cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Store, error) {
	s, err := New(cfg, log, reg)
	if err != nil {
		return nil, err
	}
	if err := s.Check(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Check tells whether ClickHouse answers and has the tables, and if not what to do.
func (s *Store) Check(ctx context.Context) error {
	for _, name := range []string{TableTouchpoints, TableSessions, TableJourneys, TableTransitions, TableIdentities, TableUnlinks, TableContributions, TableRejected, TableRebuilds, TableErasures} {
		if err := s.conn.Exec(ctx, "SELECT 1 FROM "+s.from(name)+" LIMIT 0"); err != nil {
			return fmt.Errorf("store: %s: %w", name, explain(err))
		}
	}
	return nil
}

// Close lets go of the connections. Call it when no other call is under way.
func (s *Store) Close() error { return s.conn.Close() }

func (s *Store) from(table string) string { return quoteName(s.database) + "." + table }

func (s *Store) querying(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(s.cfg.querySettings()))
}
