package processor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// failuresToDoubt is after how many failed fetches at one offset the log is doubted and not the way to it.
const failuresToDoubt = 5

// readCarefully takes one batch alone where fetching fails again and again although the broker answers. A batch that cannot be read
// even so (broken compression, a wrong checksum) blocks nothing: its offsets go to the dead letter and reading goes on behind it.
func (p *partition) readCarefully(ctx context.Context, f *consume.Fetcher, o *owner, cause error) {
	_, end, err := f.Bounds(ctx, p.topic, p.id)
	if err != nil || p.next >= end {
		return // the broker is away, or nothing is there
	}
	fetched, err := f.FetchBatch(ctx, p.topic, p.id, p.next)
	if err == nil {
		p.hand(ctx, o, fetched)
	}
	if !errors.Is(err, consume.ErrUnreadable) {
		return // it is the way
	}
	behind, err := p.firstReadable(ctx, f, end)
	if err != nil {
		return
	}
	o.deps.Logger.Error("a batch cannot be read; it goes to the dead letter", "topic", p.topic, "partition", p.id,
		"from", p.next, "to", behind, "error", cause)
	now := time.Now()
	p.add(pending{
		records: int(behind - p.next), next: behind, oldest: now,
		undecodable: []*touchpoint.Rejection{{
			Reason: reasonUnreadable, Detail: fmt.Sprintf("offsets %d to %d cannot be read: %v", p.next, behind-1, cause),
			ReceivedAt: now.UnixMicro(), Component: "processor", RulesVersion: o.rules.other.rules.Version(),
			Topic: p.topic, Partition: int32(p.id), Offset: p.next,
		}},
	})
	p.next = behind
	o.grown()
}

// firstReadable looks for the first offset whose batch can be read, by steps that double and then by halves. A batch can be
// read at all of its offsets or at none. It fails when the way to the log does.
func (p *partition) firstReadable(ctx context.Context, f *consume.Fetcher, end int64) (offset int64, failed error) {
	readable := func(offset int64) bool {
		if offset >= end || failed != nil {
			return true
		}
		_, err := f.FetchBatch(ctx, p.topic, p.id, offset)
		if err != nil && !errors.Is(err, consume.ErrUnreadable) {
			failed = err
		}
		return err == nil
	}
	bad, good := p.next, p.next+1
	for step := int64(1); !readable(good); step *= 2 {
		bad, good = good, min(good+step, end)
	}
	for good-bad > 1 {
		if middle := bad + (good-bad)/2; readable(middle) {
			good = middle
		} else {
			bad = middle
		}
	}
	return good, failed
}
