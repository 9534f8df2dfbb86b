package processor

import (
	"context"
	"maps"
	"slices"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// reconcile reads back what ClickHouse has of the customers of replayed records and adds a tombstone for each row that
// Build no longer gives: the remains of a flush that was cut off after its insert.
func (o *owner) reconcile(ctx context.Context, f *flush) error {
	all := map[touchpoint.Customer]*expected{}
	for _, p := range f.portions {
		maps.Copy(all, p.reconcile)
	}
	if len(all) == 0 {
		return nil
	}
	var orphans []store.LiveKey
	err := o.retry(ctx, "reconcile", func() error {
		orphans = orphans[:0]
		return o.store.LiveKeys(ctx, slices.Collect(maps.Keys(all)), func(k store.LiveKey) error {
			if e := all[k.Customer]; e != nil && !e.has(k.ID) {
				orphans = append(orphans, k)
			}
			return nil
		})
	})
	for _, k := range orphans {
		f.orphans.Tombstone(k, max(k.Version, all[k.Customer].version))
	}
	o.metrics.reconciled.Add(float64(len(all)))
	o.metrics.orphans.Add(float64(len(orphans)))
	return err
}

func (e *expected) has(id journey.ID) bool {
	_, ok := e.ids[id]
	return ok
}
