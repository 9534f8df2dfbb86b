package processor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/topics"
)

// stray tells whether a record lies in another partition than its customer's bucket gives: the topic has grown since it was
// written, or whoever wrote it does not know yet.
func (o *owner) stray(p *partition, it *item) bool {
	return o.count > 0 && int(topics.Partition(it.row.Bucket, int(o.count))) != p.id
}

// forward passes strays on to their partition, before their own offsets are committed. Their customers are reconciled there:
// an unfinished flush of their old owner may have written rows of theirs. To pass one on again changes nothing.
func (o *owner) forward(ctx context.Context, f *flush) error {
	var all []outgoing
	for _, p := range f.portions {
		all = append(all, p.pending.strays...)
	}
	if len(all) == 0 {
		return nil
	}
	o.deps.Logger.Info("the topic has grown: records are passed on to their customers' partitions", "records", len(all), "partitions", o.count)
	if err := o.retry(ctx, "strays", func() error { return o.exchange.send(ctx, all) }); err != nil {
		return err
	}
	o.metrics.passedOn.Add(float64(len(all)))
	return nil
}

// replayedIn tells whether a record may have been applied before by somebody who could not finish.
func (it *item) replayedIn(p *partition) bool {
	return it.forwarded || it.offset < p.reconcileBefore
}

// errGrown ends a generation that counts the partitions wrongly; the next one counts them anew.
var errGrown = errors.New("the topic of touchpoints has another number of partitions now")

// countEvery is how often the partitions are counted. The group notices growth by itself; this is for a broker that still
// gave the old number when the generation began.
const countEvery = 5 * time.Second

// recount ends with errGrown once the topic has another number of partitions than the generation counts on.
func (o *owner) recount(ctx context.Context, f *consume.Fetcher) error {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		n, err := f.Partitions(ctx, topics.Touchpoints)
		if err == nil && int32(n) != o.count {
			return fmt.Errorf("%w: %d, not %d", errGrown, n, o.count)
		}
	}
}
