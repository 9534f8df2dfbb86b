package store

import (
	"context"
	"fmt"
)

// RebuildStep is one thing that was done of a rebuild.
type RebuildStep struct {
	Site string
	// Number of the rebuild: when it began, Unix microseconds.
	Rebuild int64
	// RebuildBegun, RebuildBuilt, RebuildStaged or RebuildFinished.
	Step string
	// Which part of the customers, or which month as 202601.
	Part uint32
	// In how many parts the customers are divided, and whether all rows are written and not only those that change.
	Parts uint32
	Whole bool
	// The rules that it is for.
	RulesVersion, RulesDigest string
	// How many rows were written.
	Rows uint64
	// Unix milliseconds.
	At int64
}

// The steps of a rebuild: it has begun, the rows of a part of the customers are written, the touchpoints of a month are,
// it is over.
const (
	RebuildBegun    = "begun"
	RebuildBuilt    = "built"
	RebuildStaged   = "staged"
	RebuildFinished = "finished"
)

func rebuildColumns() []column[*RebuildStep] {
	type r = *RebuildStep
	return []column[r]{
		newWord("site", func(s r) string { return s.Site }),
		newInt64("rebuild", func(s r) int64 { return s.Rebuild }),
		newWord("step", func(s r) string { return s.Step }),
		newUInt32("part", func(s r) uint32 { return s.Part }),
		newUInt32("parts", func(s r) uint32 { return s.Parts }),
		newBool("whole", func(s r) bool { return s.Whole }),
		newWord("rules_version", func(s r) string { return s.RulesVersion }),
		newText("rules_digest", func(s r) string { return s.RulesDigest }),
		newUInt64("rows", func(s r) uint64 { return s.Rows }),
		newMillis("at", func(s r) int64 { return s.At }),
	}
}

// NoteRebuild writes down what was done of a rebuild, trying again until ctx is done.
func (s *Store) NoteRebuild(ctx context.Context, step RebuildStep) error {
	poison, err := s.rebuilds.write(ctx, []*RebuildStep{&step})
	if err == nil && len(poison) > 0 {
		err = poison[0].Err
	}
	return err
}

// Rebuilds gives the steps of the last rebuild of each site.
func (s *Store) Rebuilds(ctx context.Context) (steps []RebuildStep, err error) {
	rows, err := s.conn.Query(s.querying(ctx), fmt.Sprintf(
		`SELECT site, rebuild, step, part, parts, whole, rules_version, rules_digest, rows, toUnixTimestamp64Milli(at)
		FROM %s FINAL ORDER BY site, rebuild DESC, at`, s.from(TableRebuilds)))
	if err != nil {
		return nil, fmt.Errorf("store: rebuilds: %w", explain(err))
	}
	defer rows.Close()
	for rows.Next() {
		var r RebuildStep
		if err := rows.Scan(&r.Site, &r.Rebuild, &r.Step, &r.Part, &r.Parts, &r.Whole, &r.RulesVersion, &r.RulesDigest, &r.Rows, &r.At); err != nil {
			return nil, fmt.Errorf("store: rebuilds: %w", err)
		}
		if n := len(steps); n == 0 || steps[n-1].Site != r.Site || steps[n-1].Rebuild == r.Rebuild {
			steps = append(steps, r)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: rebuilds: %w", err)
	}
	return steps, nil
}

// Deleting names the tables from which ClickHouse has yet to delete rows for good, as far as the server that is asked knows.
func (s *Store) Deleting(ctx context.Context) (tables []string, err error) {
	err = s.conn.QueryRow(s.querying(ctx), "SELECT groupUniqArray(table) FROM system.mutations WHERE database = currentDatabase() AND NOT is_done").Scan(&tables)
	if err != nil {
		return nil, fmt.Errorf("store: deletions: %w", explain(err))
	}
	return tables, nil
}
