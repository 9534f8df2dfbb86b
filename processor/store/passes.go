package store

import (
	"context"
	"fmt"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// passRows is how many touchpoints one query of a restore may put in order: in memory, about 200 bytes each.
const passRows = 4_000_000

// inPasses calls do for parts of a partition that are small enough to be read at once, one after another.
func (s *Store) inPasses(ctx context.Context, partition, partitions int, do func(scope) error) error {
	var rows uint64
	query := fmt.Sprintf("SELECT count() FROM %s WHERE %s", s.from(TableTouchpoints), everybody(partition, partitions).where("customer_id", "bucket"))
	if err := s.conn.QueryRow(s.querying(ctx), query).Scan(&rows); err != nil {
		return fmt.Errorf("store: count touchpoints of partition %d of %d: %w", partition, partitions, explain(err))
	}
	for _, of := range parts(partition, partitions, int(rows/passRows)+1) {
		if err := do(of); err != nil {
			return err
		}
	}
	return nil
}

// parts divides the buckets with bucket mod partitions = partition: those of one part are congruent modulo a multiple.
func parts(partition, partitions, n int) (all []scope) {
	n = max(min(n, touchpoint.Buckets/partitions), 1)
	for i := range n {
		all = append(all, everybody(partition+i*partitions, partitions*n))
	}
	return all
}
