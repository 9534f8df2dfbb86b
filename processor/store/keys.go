package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// LiveKey is the key of a derived row that is there now.
type LiveKey struct {
	// TableSessions, TableJourneys or TableTransitions.
	Table string
	journey.Key
	// Unix milliseconds of the time in the sort key: started_at of sessions and journeys, at of transitions.
	At int64
}

// keysPerQuery bounds the ids in one query; each query passes over the tables once.
const keysPerQuery = 5000

// LiveKeys calls fn for each session, journey and transition of the customers that is not deleted. It stops at the
// first error of fn.
func (s *Store) LiveKeys(ctx context.Context, customers []touchpoint.Customer, fn func(LiveKey) error) error {
	for len(customers) > 0 {
		n := min(keysPerQuery, len(customers))
		wanted := make(map[touchpoint.Customer]struct{}, n)
		for _, c := range customers[:n] {
			wanted[c] = struct{}{}
		}
		filter := customerFilter(customers[:n])
		for _, t := range [...]keyedTable{
			{TableSessions, "session_id", "started_at"},
			{TableJourneys, "journey_id", "started_at"},
			{TableTransitions, "transition_id", "at"},
		} {
			if err := s.liveKeys(ctx, t, filter, wanted, fn); err != nil {
				return fmt.Errorf("store: keys of %s: %w", t.name, err)
			}
		}
		customers = customers[n:]
	}
	return nil
}

// Floors gives the greatest version of any row of each customer in sessions, journeys and transitions, tombstones included.
func (s *Store) Floors(ctx context.Context, customers []touchpoint.Customer) (map[touchpoint.Customer]uint64, error) {
	floors := make(map[touchpoint.Customer]uint64, len(customers))
	for asked := range slices.Chunk(customers, keysPerQuery) {
		if err := s.floors(ctx, asked, floors); err != nil {
			return nil, fmt.Errorf("store: versions of customers: %w", err)
		}
	}
	return floors, nil
}

func (s *Store) floors(ctx context.Context, customers []touchpoint.Customer, floors map[touchpoint.Customer]uint64) error {
	filter := customerFilter(customers)
	one := func(table string) string {
		return "SELECT site, customer_kind, customer_id, version FROM " + s.from(table) + " WHERE " + filter
	}
	rows, err := s.conn.Query(s.querying(ctx), "SELECT site, customer_kind, customer_id, max(version) FROM ("+
		one(TableSessions)+" UNION ALL "+one(TableJourneys)+" UNION ALL "+one(TableTransitions)+") GROUP BY site, customer_kind, customer_id")
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c touchpoint.Customer
		var kind string
		var version uint64
		if err := rows.Scan(&c.Site, &kind, &c.ID, &version); err != nil {
			return err
		}
		c.Kind = kindOf(kind)
		floors[c] = version
	}
	return rows.Err()
}

type keyedTable struct{ name, id, at string }

func (s *Store) liveKeys(ctx context.Context, t keyedTable, filter string, wanted map[touchpoint.Customer]struct{}, fn func(LiveKey) error) error {
	rows, err := s.conn.Query(s.querying(ctx), "SELECT site, customer_kind, customer_id, "+t.id+
		", toUnixTimestamp64Milli("+t.at+"), version FROM "+s.from(t.name)+" FINAL WHERE "+filter)
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		key := LiveKey{Table: t.name}
		var kind string
		var id uuid.UUID
		if err := rows.Scan(&key.Customer.Site, &kind, &key.Customer.ID, &id, &key.At, &key.Version); err != nil {
			return err
		}
		key.ID, key.Customer.Kind = journey.ID(id), kindOf(kind)
		if _, ok := wanted[key.Customer]; !ok {
			continue
		}
		if err := fn(key); err != nil {
			return err
		}
	}
	return rows.Err()
}

func kindOf(word string) touchpoint.Kind {
	if word == touchpoint.KindUser.String() {
		return touchpoint.KindUser
	}
	return touchpoint.KindAnonymous
}

// Tombstone adds to the batch the row that deletes the key as of a version.
func (b *Batch) Tombstone(k LiveKey, version uint64) {
	key := k.Key
	key.Version, key.Deleted = version, true
	switch k.Table {
	case TableSessions:
		b.Sessions = append(b.Sessions, journey.Session{Key: key, StartedAt: k.At})
	case TableJourneys:
		b.Journeys = append(b.Journeys, journey.Journey{Key: key, StartedAt: k.At})
	case TableTransitions:
		b.Transitions = append(b.Transitions, journey.Transition{Key: key, At: k.At})
	}
}

// since is a condition on touchpoints; the zero time is none.
func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf(" AND occurred_at >= fromUnixTimestamp64Milli(%d, 'UTC')", t.UnixMilli())
}
