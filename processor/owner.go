package processor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/state"
)

// owner works on the partitions of one generation.
type owner struct {
	cfg     *Config
	deps    *Deps
	metrics *metrics
	tracer  *tracer
	rules   *rulebook
	state   *state.State
	store   Store
	fetcher *consume.Fetcher
	dead    deadLetter
	// Takes contributions to the owners of users.
	exchange sender
	gen      *consume.Generation
	fence    fence
	// Outlasts the generation.
	unsettled *unsettled
	rebuilt   rebuilt
	// See identity.PartTouches; 0 is that.
	partTouches int
	// What was erased of whom, for the dead letter.
	gone erasure.Register

	// Asks how far group and log are; nil in tests.
	reached reached

	// How many partitions the topic of touchpoints has.
	count      int32
	partitions []*partition
	// What was found for the partitions that had to be restored when the generation began.
	restored map[int]int
	full     chan struct{}
}

// run owns the partitions until ctx is done. What has been cut by then is flushed within the grace period; what has not
// is read again by the next owner.
func (o *owner) run(ctx context.Context) error {
	if err := o.assign(ctx); err != nil {
		return err
	}
	work, end := o.outlive(ctx)
	defer end()
	flushes := make(chan *flush)
	tasks, ctx := errgroup.WithContext(ctx)
	for _, p := range o.partitions {
		tasks.Go(func() error { return p.read(ctx, o.fetcher, o) })
	}
	tasks.Go(func() error { return o.recount(ctx, o.fetcher) })
	tasks.Go(func() error { defer close(flushes); return o.cuts(ctx, work, flushes) })
	// When a flush fails nobody takes the next one: end lets the cutting go, too.
	tasks.Go(func() error { defer end(); return o.flushes(work, flushes) })
	return tasks.Wait()
}

// outlive gives a context that lasts a grace period longer than ctx, so that a flush is finished and not torn.
func (o *owner) outlive(ctx context.Context) (context.Context, func()) {
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(o.cfg.SessionTimeout/3, func() { cancel(errGraceOver) })
	})
	return work, func() { stop(); cancel(nil) }
}

var errGraceOver = errors.New("the flush was not done within a third of the session timeout")

// grown wakes the cutting when a whole flush is pending.
func (o *owner) grown() {
	n := 0
	for _, p := range o.partitions {
		n += p.waiting()
	}
	if n >= o.cfg.FlushRecords {
		select {
		case o.full <- struct{}{}:
		default:
		}
	}
}

// cuts makes a flush each interval, or sooner when there is much, and hands them on one at a time: while one is being
// written the next one gathers. When ctx is done it makes a last one of what has been read.
func (o *owner) cuts(ctx, work context.Context, flushes chan<- *flush) error {
	timer := time.NewTicker(o.cfg.FlushInterval)
	defer timer.Stop()
	for last := false; !last; {
		select {
		case <-ctx.Done():
			last = true
		case <-timer.C:
		case <-o.full:
		}
		f, err := o.cut(work)
		if err != nil || f == nil {
			if err != nil {
				return err
			}
			continue
		}
		select {
		case flushes <- f:
		case <-work.Done():
			return context.Cause(work)
		}
	}
	return nil
}

// cut takes what is pending of every partition and computes its portion, partitions side by side.
func (o *owner) cut(ctx context.Context) (*flush, error) {
	start := time.Now()
	portions := make([]*portion, len(o.partitions))
	tasks, _ := errgroup.WithContext(ctx)
	for i, p := range o.partitions {
		taken := p.take()
		if taken.records == 0 {
			continue
		}
		tasks.Go(func() (err error) {
			portions[i], err = o.cutter(ctx, p).cut(p, taken)
			return err
		})
	}
	if err := tasks.Wait(); err != nil {
		return nil, err
	}
	portions = slices.DeleteFunc(portions, func(p *portion) bool { return p == nil })
	if len(portions) == 0 {
		return nil, nil
	}
	for _, p := range portions {
		p.partition.recent.add(p.sets)
	}
	o.metrics.step("build", time.Since(start))
	return &flush{portions: portions}, nil
}

// cutter gives the partition's own. A flush is cut only after the one before the newest is done, so what the state does not
// have yet is in the newest, which recent has.
func (o *owner) cutter(ctx context.Context, p *partition) *cutter {
	if p.cutter == nil {
		p.recent = newRecent(recentBytes / len(o.partitions))
		p.cutter = newCutter(o.rules, func(firsts []*item) error { return p.recent.read(firsts, o.state.Get) })
		p.cutter.floors = o.floors(ctx)
		p.cutter.archive, p.cutter.fresh = o.archive(ctx, p), p.recent.fresh
		p.cutter.everywhere, p.cutter.uncounted = &o.gone, o.uncounted(ctx)
		p.cutter.sweep = &sweep{scan: o.state.Scan, recent: p.recent.get, bucket: p.id, step: int(o.count)}
		p.cutter.partitions, p.cutter.rebuilt, p.cutter.partTouches = o.count, o.rebuilt.last, o.partLimit()
	}
	return p.cutter
}

// partLimit is the same where a user's touches are divided and where they are read back: the parts must be the same.
func (o *owner) partLimit() int { return cmp.Or(o.partTouches, identity.PartTouches) }

// recentBytes bounds the younger half of the sets that are kept in memory, of all partitions together.
const recentBytes = 64 << 20

// lost counts records that retention took before they were read.
func (o *owner) lost(p *partition, records int64) {
	o.metrics.lost.WithLabelValues(p.topic).Add(float64(records))
	o.deps.Logger.Error("retention has overtaken the processor: records are lost to the tables",
		"topic", p.topic, "partition", p.id, "records", records)
}
