package processor

import (
	"context"
	"fmt"
	"time"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/topics"
)

// assign prepares every partition of the generation: where to read from, and a state that fits.
func (o *owner) assign(ctx context.Context) error {
	o.fetcher.Close() // a generation may begin because the topic has grown: the number is asked for anew
	count, err := o.fetcher.Partitions(ctx, topics.Touchpoints)
	if err != nil {
		return err
	}
	o.count = int32(count)
	if err := o.learnRebuilt(ctx); err != nil {
		return err
	}
	o.unsettled.keep(o.gen.Partitions)
	if err := o.restoreTogether(ctx); err != nil {
		return err
	}
	for _, p := range o.gen.Partitions {
		ready, err := o.prepare(ctx, p)
		if err != nil {
			return fmt.Errorf("take over %s/%d: %w", p.Topic, p.ID, err)
		}
		o.partitions = append(o.partitions, ready)
	}
	// Two flushes' worth over all partitions: one being written, one gathering.
	for _, p := range o.partitions {
		p.limit = min(max(2*o.cfg.FlushRecords/len(o.partitions), chunkRecords), maxFlushRecords)
	}
	o.metrics.own(o.partitions)
	return nil
}

func (o *owner) prepare(ctx context.Context, p consume.Partition) (*partition, error) {
	first, end, err := o.fetcher.Bounds(ctx, p.Topic, p.ID)
	if err != nil {
		return nil, err
	}
	committed := p.Committed
	if committed == consume.None {
		committed = first
	}
	applied, reconcileBefore := committed, int64(0)
	if p.Topic == topics.Touchpoints {
		var empty bool
		if applied, empty, err = o.fit(ctx, p, committed, end); err != nil {
			return nil, err
		}
		// An unfinished flush of whoever owned it last reaches no further than this; it began with touchpoints.
		if !empty {
			reconcileBefore = min(end, committed+maxFlushRecords)
		}
	}
	// From what was committed, even where the state is ahead of it: meanwhile another owner may have inserted rows of these
	// records, and only who reads them again reconciles their customers.
	ready := newPartition(p.Topic, p.ID, max(committed, first), reconcileBefore)
	ready.highWatermark = end
	if err := o.learnErased(ctx, ready); err != nil {
		return nil, err
	}
	if before := min(end, committed+maxFlushRecords); p.Topic == topics.Touchpoints && before > committed && o.cfg.LateInserts > 0 {
		ready.again = again{from: max(o.unsettled.begin(p.ID, committed), first), before: before, due: time.Now().Add(o.cfg.LateInserts)}
	}
	if applied < first {
		o.lost(ready, first-applied)
	}
	o.deps.Logger.Info("partition taken over", "topic", p.Topic, "partition", p.ID,
		"committed", p.Committed, "from", ready.next, "end", end, "reconcile_before", ready.reconcileBefore)
	return ready, nil
}

// fit makes the state fit the partition and gives the offset that it stands at. The local state is good when it is at or past
// what the group has committed, for the same number of partitions, and no rebuild has changed the stages since: then it is the
// union of all records before its offset. Otherwise the buckets are wiped and restored from ClickHouse, which has at least all that was committed;
// empty says that it had nothing.
func (o *owner) fit(ctx context.Context, p consume.Partition, committed, end int64) (offset int64, empty bool, err error) {
	if found, ok := o.restored[p.ID]; ok {
		return committed, found == 0, nil
	}
	offset, fits, err := o.fits(p, committed, end)
	if err != nil || fits {
		return offset, false, err
	}
	found, err := o.restoreAgain(ctx, map[int]int64{p.ID: committed})
	return committed, found[p.ID] == 0, err
}

// fits tells whether the local state is good for a partition, and the offset that it stands at.
func (o *owner) fits(p consume.Partition, committed, end int64) (offset int64, fits bool, err error) {
	applied, known, err := o.state.Applied(int32(p.ID))
	if err != nil {
		return 0, false, err
	}
	if known && applied.Partitions == o.count && applied.Rebuilt == o.rebuilt.last && p.Committed != consume.None && applied.Offset >= committed && applied.Offset <= end {
		return applied.Offset, true, nil
	}
	o.deps.Logger.Info("the state must be restored", "partition", p.ID, "committed", p.Committed, "state_known", known, "state_at", applied.Offset)
	return 0, false, nil
}

// restoreTogether restores the partitions that need it, if those are several, in one pass over the tables.
func (o *owner) restoreTogether(ctx context.Context) error {
	missing := map[int]int64{}
	for _, p := range o.gen.Partitions {
		if p.Topic != topics.Touchpoints {
			continue
		}
		first, end, err := o.fetcher.Bounds(ctx, p.Topic, p.ID)
		if err != nil {
			return fmt.Errorf("take over %s/%d: %w", p.Topic, p.ID, err)
		}
		committed := p.Committed
		if committed == consume.None {
			committed = first
		}
		_, fits, err := o.fits(p, committed, end)
		if err != nil {
			return fmt.Errorf("take over %s/%d: %w", p.Topic, p.ID, err)
		}
		if !fits {
			missing[p.ID] = committed
		}
	}
	if len(missing) < 2 {
		return nil
	}
	restored, err := o.restoreAgain(ctx, missing)
	if err != nil {
		return err
	}
	o.restored = map[int]int{}
	for p := range missing {
		o.restored[p] = restored[p]
	}
	return nil
}

// restoreAgain restores, again and again while ClickHouse is away.
func (o *owner) restoreAgain(ctx context.Context, offsets map[int]int64) (found map[int]int, err error) {
	o.deps.Logger.Info("restoring from ClickHouse", "partitions", len(offsets))
	err = o.retry(ctx, "restore", func() (err error) {
		found, err = o.restore(ctx, offsets)
		return err
	})
	return found, err
}
