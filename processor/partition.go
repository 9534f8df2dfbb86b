package processor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// partition is one assigned partition: where it is read, and what has been read and not yet cut into a flush.
type partition struct {
	topic string
	id    int
	// The next offset to fetch.
	next int64
	// Customers of records before this offset are reconciled with ClickHouse.
	reconcileBefore int64
	// Only the reading uses it, but for before.
	again again
	// What was erased, as far as the partition has come.
	gone erasure.Register
	// What cuts it, and the sets it changed last. Only the cutting uses them.
	cutter *cutter
	recent *recent
	// How many records may be pending: reading waits where there are more.
	limit int

	mu      sync.Mutex
	room    *sync.Cond
	pending pending
	closed  bool
	// When the oldest record was produced of each part that was taken and is not yet in the tables.
	underWay []time.Time
	// The log's end as last seen, and up to where it is in the tables.
	highWatermark, flushed int64
}

// pending is what a flush takes from a partition.
type pending struct {
	chunks   [][]item
	rejected []*touchpoint.Rejection
	// The records that could not be read, for the dead letter.
	undecodable []*touchpoint.Rejection
	// The records of customers who live in another partition, to be passed on.
	strays []outgoing
	// Erasures of customers who live in another partition, to be known.
	erased  []*touchpoint.Erase
	records int
	// Whether some are read for the second time, and whether some erase a customer.
	again, erasing bool
	// The offset after the last record, and when the oldest record was produced.
	next   int64
	oldest time.Time
	// Those of the records that are traced.
	traced []consume.Traced
}

func newPartition(topic string, id int, start, reconcileBefore int64) *partition {
	p := &partition{topic: topic, id: id, next: start, reconcileBefore: reconcileBefore, limit: maxFlushRecords}
	p.pending.next, p.flushed = start, start
	p.room = sync.NewCond(&p.mu)
	return p
}

// add appends decoded records, waiting while as many are pending as may be.
func (p *partition) add(chunk pending) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.pending.records > 0 && p.pending.records+chunk.records > p.limit && !p.closed {
		p.room.Wait()
	}
	if p.pending.records == 0 {
		p.pending.oldest = chunk.oldest
	}
	p.pending.chunks = append(p.pending.chunks, chunk.chunks...)
	p.pending.rejected = append(p.pending.rejected, chunk.rejected...)
	p.pending.undecodable = append(p.pending.undecodable, chunk.undecodable...)
	p.pending.strays = append(p.pending.strays, chunk.strays...)
	p.pending.erased = append(p.pending.erased, chunk.erased...)
	p.pending.erasing = p.pending.erasing || chunk.erasing
	p.pending.records += chunk.records
	p.pending.again = p.pending.again || chunk.again
	p.pending.traced = append(p.pending.traced, chunk.traced...)
	p.pending.next = chunk.next
}

// take gives what is pending and makes room.
func (p *partition) take() pending {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.pending
	p.pending = pending{next: taken.next}
	if taken.records > 0 {
		p.underWay = append(p.underWay, taken.oldest)
	}
	if taken.again { // no other cut is under way
		p.reconcileBefore = p.again.before
	}
	p.room.Broadcast()
	return taken
}

// waiting is how many records are pending.
func (p *partition) waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pending.records
}

func (p *partition) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.room.Broadcast()
}

// chunkRecords is how many records are decoded before they are handed over.
const chunkRecords = 4096

// read fetches and decodes until ctx is done.
func (p *partition) read(ctx context.Context, f *consume.Fetcher, o *owner) error {
	defer context.AfterFunc(ctx, p.close)()
	for failures := 0; ctx.Err() == nil; {
		if !p.again.due.IsZero() && time.Now().After(p.again.due) {
			p.readAgain(ctx, f, o)
		}
		fetched, err := f.Fetch(ctx, p.topic, p.id, p.next)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, consume.ErrTruncated):
			if err := p.skip(ctx, f, o); err != nil {
				return err
			}
			continue
		case err != nil:
			failures++
			o.deps.Logger.Warn("fetching", "topic", p.topic, "partition", p.id, "offset", p.next, "error", err)
			o.metrics.fetchErrors.Inc()
			pause(ctx, 200*time.Millisecond)
			if failures%failuresToDoubt == 0 {
				p.readCarefully(ctx, f, o, err)
			}
			continue
		}
		failures = 0
		p.hand(ctx, o, fetched)
	}
	return nil
}

// hand decodes what was fetched and appends it.
func (p *partition) hand(ctx context.Context, o *owner, fetched consume.Fetched) {
	p.seen(fetched.HighWatermark)
	for records := fetched.Records; len(records) > 0 && ctx.Err() == nil; {
		n := min(chunkRecords, len(records))
		chunk := o.decodeChunk(p, records[:n])
		if o.tracer != nil {
			chunk.traced = fetched.TakeTraced(chunk.next)
		}
		p.add(chunk)
		records = records[n:]
		o.grown()
	}
	p.next = fetched.Next
}

func (p *partition) seen(highWatermark int64) {
	p.mu.Lock()
	p.highWatermark = highWatermark
	p.mu.Unlock()
}

// skip goes on at the log's start where retention has overtaken the consumer. What lies between is lost to the tables:
// it is counted and said, never silent.
func (p *partition) skip(ctx context.Context, f *consume.Fetcher, o *owner) error {
	first, end, err := f.Bounds(ctx, p.topic, p.id)
	if err != nil {
		return fmt.Errorf("after truncation: %w", err)
	}
	if p.next > end {
		return fmt.Errorf("%s/%d ends at %d, before the offset %d that is to be read: the topic was made anew", p.topic, p.id, end, p.next)
	}
	if first > p.next {
		o.lost(p, first-p.next)
		p.next = first
	}
	return nil
}

// waitingSince is when the oldest record was produced that has been read and is not yet in the tables; zero when there is none.
func (p *partition) waitingSince() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.underWay) > 0 {
		return p.underWay[0]
	}
	return p.pending.oldest
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// labels of the partition's metrics.
func (p *partition) labels() (topic, partition string) { return p.topic, strconv.Itoa(p.id) }

// behind is how many records of the log are not yet flushed.
func (p *partition) behind() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(p.highWatermark-p.flushed, 0)
}

// stands gives the offset before which everything is in the tables and committed.
func (p *partition) stands() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flushed
}

// done notes that everything before an offset is in the tables.
func (p *partition) done(offset int64) {
	p.mu.Lock()
	p.flushed = offset
	if len(p.underWay) > 0 {
		p.underWay = p.underWay[1:]
	}
	p.mu.Unlock()
}
