package processor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/processor/state"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// flush is what one cut of all partitions changes.
type flush struct {
	portions []*portion
	// Tombstones that reconciling adds.
	orphans store.Batch
}

// batches are all rows of the flush.
func (f *flush) batches() []*store.Batch {
	all := make([]*store.Batch, 0, len(f.portions)+1)
	for _, p := range f.portions {
		all = append(all, &p.batch)
	}
	return append(all, &f.orphans)
}

// flushes carries out one flush after another.
func (o *owner) flushes(ctx context.Context, flushes <-chan *flush) error {
	for f := range flushes {
		if err := o.flush(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// flush goes through the steps of the package comment.
func (o *owner) flush(ctx context.Context, f *flush) error {
	steps := []struct {
		name string
		do   func(context.Context, *flush) error
	}{
		{"dead_letter", o.deadLetters},
		{"forward", o.forward},
		{"reconcile", o.reconcile},
		{"store", o.write},
		{"contributions", o.contributions},
		{"state", o.apply},
		{"commit", o.commit},
	}
	began, done := time.Now(), make([]step, 0, len(steps))
	for _, s := range steps {
		start := time.Now()
		if err := s.do(ctx, f); err != nil {
			return fmt.Errorf("flush, step %s: %w", s.name, err)
		}
		o.metrics.step(s.name, time.Since(start))
		done = append(done, step{s.name, time.Now()})
	}
	for _, p := range f.portions {
		if p.pending.again {
			p.received = nil // they could be queried long ago
		}
		p.partition.done(p.pending.next)
	}
	o.metrics.flushed(f, time.Now())
	o.tracer.flushed(ctx, f, began, done)
	return nil
}

// deadLetters puts what could not be decoded where it is kept; from that topic it comes into the table.
func (o *owner) deadLetters(ctx context.Context, f *flush) error {
	var all []*touchpoint.Rejection
	for _, p := range f.portions {
		all = append(all, p.pending.undecodable...)
	}
	if len(all) == 0 {
		return nil
	}
	o.metrics.undecodable.Add(float64(len(all)))
	return o.retry(ctx, "dead letter", func() error { return o.dead.send(ctx, all) })
}

// write inserts the rows, again and again while ClickHouse is away. Rows that it refuses for what they are go to the
// dead letter, the rest goes in.
func (o *owner) write(ctx context.Context, f *flush) error {
	batches := f.batches()
	fenced := store.WithFence(ctx, o.alive)
	err := o.retry(ctx, "ClickHouse", func() error { return o.store.Write(fenced, batches...) })
	var refused *store.RejectedError
	if !errors.As(err, &refused) {
		return err
	}
	o.deps.Logger.Error("rows refused by ClickHouse go to the dead letter", "rows", len(refused.Rows), "error", refused)
	o.metrics.poisoned(refused)
	return o.retry(ctx, "dead letter", func() error { return o.dead.send(ctx, o.poisoned(batches, refused)) })
}

// poisoned is what the dead letter keeps of refused rows: the touchpoint, or what is known of a derived row.
func (o *owner) poisoned(batches []*store.Batch, refused *store.RejectedError) (all []*touchpoint.Rejection) {
	touchpoints := store.Touchpoints(batches)
	for _, row := range refused.Rows {
		r := &touchpoint.Rejection{
			Reason: reasonRefused, Field: row.Table, Detail: row.Err.Error(), Component: "processor",
			ReceivedAt: time.Now().UnixMicro(), RulesVersion: o.rules.other.rules.Version(),
		}
		if row.Table == store.TableTouchpoints {
			tp := touchpoints[row.Index]
			r.Site, r.MessageId, r.ReceivedAt = tp.Site, tp.MessageId, tp.ReceivedAt
			r.Raw, _ = tp.MarshalVT() // of a message that was unmarshalled: it cannot fail
		}
		all = append(all, r)
	}
	return all
}

// apply makes sets and offsets durable in one batch.
func (o *owner) apply(_ context.Context, f *flush) error {
	b := o.state.NewBatch()
	for _, p := range f.portions {
		for _, s := range p.sets {
			if err := put(b, s); err != nil {
				return err
			}
		}
		for _, m := range p.marks {
			if err := b.PutMark(int32(p.partition.id), m); err != nil {
				return err
			}
		}
		if p.partition.topic != topics.Touchpoints {
			continue
		}
		a := state.Applied{Offset: p.pending.next, Partitions: o.count, Rebuilt: o.rebuilt.last}
		if err := b.SetApplied(int32(p.partition.id), a); err != nil {
			return err
		}
	}
	if err := b.Commit(); err != nil {
		return err
	}
	o.scrub(f)
	return nil
}

// put stores a set; an empty one is of nobody.
func put(b *state.Batch, s change) error {
	if len(s.blob) == 0 {
		return b.Drop([]byte(s.key))
	}
	return b.Put([]byte(s.key), s.blob)
}

// scrub has what was erased leave the disk as well.
func (o *owner) scrub(f *flush) {
	var buckets []uint16
	for _, p := range f.portions {
		buckets = append(buckets, p.scrub...)
	}
	if slices.Sort(buckets); len(buckets) > 0 {
		o.state.Scrub(slices.Compact(buckets))
	}
}

func (o *owner) commit(_ context.Context, f *flush) error {
	offsets := map[string]map[int]int64{}
	for _, p := range f.portions {
		if offsets[p.partition.topic] == nil {
			offsets[p.partition.topic] = map[int]int64{}
		}
		offsets[p.partition.topic][p.partition.id] = p.pending.next
	}
	return o.gen.Commit(offsets)
}

// retry repeats, with pauses that grow to some seconds, until ctx is done. Even what needs an operator is repeated: once it
// is put right the flush goes on, and until then it says so. Only rows that can never pass end it, and that others own the
// partitions now.
func (o *owner) retry(ctx context.Context, what string, do func() error) error {
	for pauseFor := 100 * time.Millisecond; ; pauseFor = min(2*pauseFor, 5*time.Second) {
		err := do()
		if err == nil || store.Classify(err) == store.Reject || errors.Is(err, consume.ErrFenced) {
			return err
		}
		o.metrics.retried(what)
		o.deps.Logger.Warn("flush waits", "for", what, "again_in", pauseFor, "error", err)
		pause(ctx, pauseFor)
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w (last error: %w)", what, context.Cause(ctx), err)
		}
	}
}
