package publish

import (
	"sync"
	"sync/atomic"
	"time"
)

// partition gathers records into batches, which its lane sends one after another.
type partition struct {
	p     *Producer
	index int32
	lane  *lane
	// away is the circuit breaker: while it is set nothing is taken. Written under mu.
	away atomic.Bool
	// probing means that a probe owns the fields of the lane.
	probing atomic.Bool

	mu struct {
		sync.Mutex
		waiting []*batch // oldest first; only the last one still takes records
		free    []*batch // settled batches whose buffers can be used again
		closed  bool
	}

	// Only the lane uses these, or the probe.
	current      *batch // sent, or to be sent next
	pause        time.Duration
	retryAt      time.Time // when current may be sent again
	session      session
	sequence     int32
	failingSince time.Time // zero while attempts succeed
	suspect      bool      // the breaker closed on a probe, and nothing has been delivered since
}

func newPartition(p *Producer, index int32, away bool) *partition {
	q := &partition{p: p, index: index, pause: firstPause}
	q.setAway(away)
	return q
}

// append takes the records of c that belong to this partition.
func (q *partition) append(c *call, records []Record, now time.Time) {
	if err := q.take(c, records, now); err != nil {
		var cost int64
		for i := c.head[q.index]; i >= 0; i = c.next[i] {
			cost += records[i].cost()
		}
		q.p.buffered.Add(-cost)
		c.pending.Add(1)
		c.settle(err)
		return
	}
	q.lane.rouse()
}

func (q *partition) take(c *call, records []Record, now time.Time) error {
	millis := now.UnixMilli()
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.mu.closed:
		return ErrClosed
	case q.away.Load():
		return ErrUnavailable
	}
	var joined *batch
	for i := c.head[q.index]; i >= 0; i = c.next[i] {
		r := &records[i]
		b := q.open(r, now)
		if b != joined {
			joined = b
			c.pending.Add(1)
			b.calls = append(b.calls, c)
		}
		b.reserved += r.cost()
		b.add(r, millis)
	}
	return nil
}

// open gives the batch that r goes into. The caller holds mu.
func (q *partition) open(r *Record, now time.Time) *batch {
	if n := len(q.mu.waiting); n > 0 {
		if b := q.mu.waiting[n-1]; len(b.buf)+int(r.cost()) <= q.p.cfg.MaxBatchBytes {
			return b
		}
	}
	var b *batch
	if n := len(q.mu.free); n > 0 {
		b, q.mu.free = q.mu.free[n-1], q.mu.free[:n-1]
	} else {
		b = &batch{buf: make([]byte, headerSize, 4<<10)}
	}
	b.born, b.codec = now, q.p.codec
	q.mu.waiting = append(q.mu.waiting, b)
	return b
}

// next makes the oldest batch the current one, unless there is one. It is false when nothing is left to send.
func (q *partition) next() bool {
	if q.current != nil {
		return true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.mu.waiting) == 0 {
		return false
	}
	q.current = q.mu.waiting[0]
	n := copy(q.mu.waiting, q.mu.waiting[1:])
	q.mu.waiting[n] = nil
	q.mu.waiting = q.mu.waiting[:n]
	return true
}

// finish settles a batch, and keeps its buffer when nobody else can still be reading it.
func (q *partition) finish(b *batch, err error) {
	q.p.buffered.Add(-b.reserved)
	b.settle(err)
	if b.exposed || b.codec.impl != nil {
		return
	}
	*b = batch{buf: b.buf[:headerSize], calls: b.calls}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.mu.free) < 2 {
		q.mu.free = append(q.mu.free, b)
	}
}

// setAway opens or closes the breaker. Batches that wait behind an open breaker were never sent, so they fail now
// and their callers can put them elsewhere.
func (q *partition) setAway(away bool) {
	q.mu.Lock()
	changed := q.away.Swap(away) != away
	var failed []*batch
	if away {
		failed, q.mu.waiting = q.mu.waiting, nil
	}
	q.mu.Unlock()
	for _, b := range failed {
		q.finish(b, ErrUnavailable)
	}
	if !changed {
		return
	}
	if away {
		q.p.metrics.open.Inc()
	} else {
		q.p.metrics.open.Dec()
	}
}

func (q *partition) close() {
	q.mu.Lock()
	q.mu.closed = true
	q.mu.Unlock()
}

func (q *partition) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.mu.closed
}
