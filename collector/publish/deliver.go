package publish

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Pauses between attempts double from the first to the last.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// seal makes the current batch ready to be sent: the same bytes as before, unless the producer id changed.
func (q *partition) seal(ctx context.Context) error {
	if !q.session.valid {
		session, err := q.p.cluster.newSession(ctx)
		if err != nil {
			return err
		}
		q.session, q.sequence = session, 0
	}
	if b := q.current; !b.sealed || b.owner != q.session {
		return b.seal(q.session, q.sequence)
	}
	return nil
}

// attempted acts on the outcome of one attempt to send the current batch. A batch that is given up may have been
// written, so its sequence can be neither used again nor skipped: the next batch starts under a new producer id.
func (q *partition) attempted(ctx context.Context, err error, began time.Time) {
	b, kind := q.current, outcomeOf(err)
	if kind == delivered {
		q.delivered(b)
		q.done(nil)
		return
	}
	q.failed(b, err, kind, began)
	wait := q.pause/2 + rand.N(q.pause/2)
	q.pause, q.retryAt = min(2*q.pause, lastPause), time.Now().Add(wait)
	switch {
	case kind == refused:
		q.session = session{}
		q.done(fmt.Errorf("%w: %w", ErrRefused, err))
	case ctx.Err() != nil:
		q.session = session{}
		q.done(fmt.Errorf("%w: %w", ErrUnavailable, err))
	case q.away.Load(), q.retryAt.After(b.born.Add(q.p.cfg.DeliveryTimeout)):
		// The caller puts it elsewhere rather than wait; should it be in the log, it is there twice, which is harmless.
		q.session = session{}
		q.setAway(true)
		q.done(fmt.Errorf("%w: %w", ErrUnavailable, err))
		q.startProbe()
	}
}

// done settles the current batch.
func (q *partition) done(err error) {
	b := q.current
	q.current, q.pause, q.retryAt = nil, firstPause, time.Time{}
	q.finish(b, err)
}

func (q *partition) delivered(b *batch) {
	q.sequence = int32((int64(q.sequence) + int64(b.records)) & math.MaxInt32)
	q.p.metrics.records.Add(float64(b.records))
	q.p.metrics.bytes.Add(float64(len(b.buf)))
	q.failingSince, q.suspect = time.Time{}, false
	if q.away.Load() {
		q.p.log.Info("broker takes records again", "partition", q.index)
		q.setAway(false)
	}
}

// failed counts a failed attempt that began at the given time, and opens the breaker when failing has lasted.
func (q *partition) failed(b *batch, err error, kind outcome, began time.Time) {
	b.exposed = true
	q.p.metrics.errors.WithLabelValues(reason(err)).Inc()
	q.p.log.Debug("sending a batch failed", "partition", q.index, "records", b.records, "error", err)
	switch kind {
	case refused:
		return // the broker is there
	case renew:
		q.session = session{}
	case reroute:
		q.p.cluster.forget()
	}
	if q.failingSince.IsZero() {
		q.failingSince = began
	}
	if lasting := time.Since(q.failingSince) >= q.p.cfg.BreakAfter; (lasting || q.suspect) && !q.away.Load() {
		q.p.log.Warn("broker is away", "partition", q.index, "since", q.failingSince, "error", err)
		q.setAway(true)
	}
}

// Errors of a probe.
var (
	errPartitionCount = errors.New("topic has another number of partitions than configured")
	errNoLeader       = errors.New("partition has no leader")
)

// startProbe looks in the background for a partition that is away. The lane leaves it alone until it is found.
func (q *partition) startProbe() {
	q.probing.Store(true)
	q.p.workers.Go(func() {
		q.probe(q.p.closing)
		q.probing.Store(false)
		q.lane.rouse()
	})
}

// probe waits until the partition can be reached again, and then closes the breaker. It ends with ctx.
func (q *partition) probe(ctx context.Context) {
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, lastPause) {
		err := q.lookFor(ctx)
		if err == nil {
			// One failure is enough to open it again, until a batch has been delivered.
			q.failingSince, q.suspect = time.Time{}, true
			q.setAway(false)
			q.p.log.Info("broker is back", "partition", q.index)
			return
		}
		if errors.Is(err, errPartitionCount) {
			q.p.log.Error("not publishing", "error", err)
		}
		q.p.cluster.forget()
		sleep(ctx, pause/2+rand.N(pause))
	}
}

func (q *partition) lookFor(ctx context.Context) error {
	leaders, err := q.p.cluster.leaders(ctx)
	switch {
	case err != nil:
		return err
	case len(leaders) < q.p.Partitions(): // more is a topic that has grown
		return fmt.Errorf("%w: %d", errPartitionCount, len(leaders))
	case leaders[q.index] < 0:
		return errNoLeader
	}
	session, err := q.p.cluster.newSession(ctx)
	if err != nil {
		return err
	}
	q.session, q.sequence = session, 0
	return nil
}
