package publish

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// lane sends the batches of the partitions that had one leader when the producer started: one request at a time,
// with one batch of each partition that has any. One request for all costs the broker and us half of one for each.
type lane struct {
	p       *Producer
	members []*partition
	wake    chan struct{}
	ready   []*partition // of the round, kept for its memory
}

// rouse tells the lane that there is something to do.
func (l *lane) rouse() {
	select {
	case l.wake <- struct{}{}:
	default: // it has a wake-up to come already
	}
}

// run sends until the producer is closed and nothing is left. When ctx ends it gives up what is left.
func (l *lane) run(ctx context.Context) {
	for {
		// Whoever is about to add a record goes first. The call that woke the lane put it at the head of the run queue: without
		// this a round leaves with that call's records, while those of many others are ready.
		runtime.Gosched()
		ready, retry, left := l.collect(ctx)
		switch {
		case len(ready) > 0:
			l.send(ctx, ready)
		case !left && l.p.closing.Err() != nil:
			return
		default:
			l.rest(ctx, retry)
		}
	}
}

// collect gives the partitions whose current batch is due. retry is when the next one is, zero for none; left means
// that some have a batch or may get one.
func (l *lane) collect(ctx context.Context) (ready []*partition, retry time.Time, left bool) {
	ready = l.ready[:0]
	for _, q := range l.members {
		if q.probing.Load() || !q.next() {
			left = left || !q.isClosed()
			continue
		}
		left = true
		switch {
		case q.retryAt.IsZero() || ctx.Err() != nil || !time.Now().Before(q.retryAt):
			ready = append(ready, q)
		case retry.IsZero() || q.retryAt.Before(retry):
			retry = q.retryAt
		}
	}
	l.ready = ready
	return ready, retry, left
}

// rest waits for a wake-up, the time of a retry, or the end of ctx.
func (l *lane) rest(ctx context.Context, retry time.Time) {
	var due <-chan time.Time
	if !retry.IsZero() {
		timer := time.NewTimer(time.Until(retry))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-l.wake:
	case <-due:
	case <-ctx.Done():
	}
}

// send makes one attempt for each of the partitions.
func (l *lane) send(ctx context.Context, ready []*partition) {
	began := time.Now()
	ready = l.prepare(ctx, ready, began)
	if len(ready) == 0 {
		return
	}
	leaders, err := l.p.cluster.leaders(ctx)
	if err != nil {
		for _, q := range ready {
			q.attempted(ctx, err, began)
		}
		return
	}
	var others sync.WaitGroup
	for len(ready) > 0 {
		group, rest := split(ready, leaders)
		if ready = rest; len(rest) > 0 {
			others.Go(func() { l.request(ctx, group) })
		} else {
			l.request(ctx, group)
		}
	}
	others.Wait()
}

// split gives the partitions with the leader of the first one, and the others.
func split(ready []*partition, leaders []int) (group, rest []*partition) {
	leader := func(q *partition) int {
		if int(q.index) < len(leaders) {
			return leaders[q.index]
		}
		return -1
	}
	first := leader(ready[0])
	for i, q := range ready {
		if leader(q) != first {
			group, rest = append(group, ready[:i]...), append(rest, q)
			for _, q := range ready[i+1:] {
				if leader(q) == first {
					group = append(group, q)
				} else {
					rest = append(rest, q)
				}
			}
			return group, rest
		}
	}
	return ready, nil
}

func (l *lane) request(ctx context.Context, group []*partition) {
	began := time.Now()
	errs := l.p.cluster.produce(ctx, group)
	l.p.metrics.seconds.Observe(time.Since(began).Seconds())
	for i, q := range group {
		q.attempted(ctx, errs[i], began)
	}
}

var errSession = errors.New("no producer id")

// prepare seals the batches, and drops partitions that have no producer id. One failure to get an id is enough for
// a round: the others would wait as long for theirs.
func (l *lane) prepare(ctx context.Context, ready []*partition, began time.Time) []*partition {
	var failed error
	prepared := ready[:0]
	for _, q := range ready {
		err := failed
		if err == nil || q.session.valid {
			err = q.seal(ctx)
		}
		if err == nil {
			prepared = append(prepared, q)
			continue
		}
		if !q.session.valid {
			failed = err
		}
		q.attempted(ctx, fmt.Errorf("%w: %w", errSession, err), began)
	}
	return prepared
}
