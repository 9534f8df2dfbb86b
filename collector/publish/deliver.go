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

// deliver sends b until it is written, refused, or too old. A batch that is given up may have been written, so its
// sequence can be neither used again nor skipped: the next batch starts under a new producer id.
func (q *partition) deliver(ctx context.Context, b *batch) error {
	deadline := b.born.Add(q.p.cfg.DeliveryTimeout)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		began := time.Now()
		err := q.attempt(ctx, b)
		kind := outcomeOf(err)
		if kind == delivered {
			q.delivered(b)
			return nil
		}
		q.failed(b, err, kind, began)
		if kind == refused {
			q.session = session{}
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
		if wait := pause/2 + rand.N(pause/2); time.Now().Add(wait).After(deadline) || !sleep(ctx, wait) {
			q.session = session{}
			q.setAway(ctx.Err() == nil)
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
}

// attempt sends b once: the same bytes as before, unless the producer id changed.
func (q *partition) attempt(ctx context.Context, b *batch) error {
	if !q.session.valid {
		session, err := q.p.cluster.newSession(ctx)
		if err != nil {
			return err
		}
		q.session, q.sequence = session, 0
	}
	if !b.sealed || b.owner != q.session {
		if err := b.seal(q.session, q.sequence); err != nil {
			return err
		}
	}
	began := time.Now()
	err := q.p.cluster.produce(ctx, q.index, b.buf)
	q.p.metrics.seconds.Observe(time.Since(began).Seconds())
	return err
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

var errPartitionCount = errors.New("topic has another number of partitions than configured")

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
	count, err := q.p.cluster.partitions(ctx)
	if err != nil {
		return err
	}
	if count != q.p.Partitions() {
		return fmt.Errorf("%w: %d", errPartitionCount, count)
	}
	if err := q.p.cluster.reachable(ctx, q.index); err != nil {
		return err
	}
	session, err := q.p.cluster.newSession(ctx)
	if err != nil {
		return err
	}
	q.session, q.sequence = session, 0
	return nil
}
