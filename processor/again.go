package processor

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/throughline/throughline/processor/consume"
)

// again is the second reading of what was replayed at a takeover. An INSERT of the owner before may have been on its way to
// ClickHouse when its customers were reconciled, and no fence holds up what was sent. Once it must have landed, or never
// will, their records are read once more, which changes nothing but that they are reconciled once more.
type again struct {
	from int64
	// Stays as it is from the beginning on.
	before int64
	// Zero when it is over.
	due      time.Time
	failures int
}

// failuresToGiveUp is after how many failed fetches in a row the second reading ends: what is in the way, such as a batch that
// nobody can read, is in the dead letter since the first.
const failuresToGiveUp = 100

// unsettled remembers, from generation to generation, from where partitions are to be read again.
type unsettled struct {
	mu   sync.Mutex
	from map[int]int64
}

// keep forgets partitions that others own now.
func (u *unsettled) keep(partitions []consume.Partition) {
	u.mu.Lock()
	defer u.mu.Unlock()
	kept := map[int]int64{}
	for _, p := range partitions {
		if from, ok := u.from[p.ID]; ok {
			kept[p.ID] = from
		}
	}
	u.from = kept
}

// begin notes an offset and gives the earliest one that was noted.
func (u *unsettled) begin(partition int, from int64) int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	if earlier, ok := u.from[partition]; ok {
		from = min(from, earlier)
	}
	u.from[partition] = from
	return from
}

func (u *unsettled) end(partition int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.from, partition)
}

// readAgain reads on in the second reading. What fails is tried again at the next call.
func (p *partition) readAgain(ctx context.Context, f *consume.Fetcher, o *owner) {
	fetched, err := f.Fetch(ctx, p.topic, p.id, p.again.from)
	if errors.Is(err, consume.ErrTruncated) {
		p.again.from = max(p.again.from+1, fetched.LogStart)
	} else if err != nil {
		if p.again.failures++; p.again.failures >= failuresToGiveUp {
			o.deps.Logger.Warn("what was replayed is not read again to its end", "partition", p.id, "at", p.again.from, "error", err)
			p.again.due = time.Time{}
		}
		return // the first reading meets the same error where it is the way, and says so
	}
	p.again.failures = 0
	records := fetched.Records
	for len(records) > 0 && records[len(records)-1].Offset >= p.again.before {
		records = records[:len(records)-1]
	}
	for len(records) > 0 && ctx.Err() == nil {
		n := min(chunkRecords, len(records))
		chunk := o.decodeChunk(p, records[:n])
		chunk.undecodable, chunk.strays = nil, nil // they have gone where they belong
		chunk.next, chunk.oldest, chunk.again = p.next, time.Now(), true
		p.add(chunk)
		records = records[n:]
		o.grown()
	}
	if err == nil {
		p.again.from = fetched.Next
	}
	if p.again.from >= p.again.before || err == nil && len(fetched.Records) == 0 {
		o.unsettled.end(p.id)
		o.deps.Logger.Info("read again what was replayed", "partition", p.id, "before", p.again.before)
		p.again.due = time.Time{}
	}
}
