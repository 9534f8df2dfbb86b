package demo

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/throughline/throughline/deploy/importer/client"
)

const (
	// tick is how often the shop looks who is due.
	tick = 20 * time.Millisecond
	// senders post at the same time, as many browsers would.
	senders = 16
	// sendBatch is how many waiting events one request takes; at usual rates each goes alone.
	sendBatch = 100
	// faultsPerMille of the live events are spoiled, skewedPercent of the browsers have a wrong clock.
	faultsPerMille = 8
	skewedPercent  = 4
)

// guest is a visitor in the shop right now.
type guest struct {
	*visitor
	next int
	due  time.Time
	// skew of the browser's clock.
	skew time.Duration
}

// queue is a heap of guests by the time of their next step.
type queue []*guest

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is for the heap package.
func (q *queue) Push(x any) { *q = append(*q, x.(*guest)) }

// Pop is for the heap package.
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// compress makes minutes seconds and days seconds, so that a journey passes while one watches.
func compress(pause time.Duration) time.Duration {
	if pause < 2*time.Minute {
		return pause / 10
	}
	return 6*time.Second + time.Duration(pause.Hours()/24*float64(4*time.Second))
}

// visit lets live visitors through the shop until ctx ends.
func (d *Demo) visit(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	events := make(chan []byte, 4*sendBatch)
	group.Go(func() error {
		defer close(events)
		return d.stroll(ctx, events)
	})
	for range senders {
		group.Go(func() error { return d.post(ctx, events) })
	}
	return group.Wait()
}

// stroll takes the steps that are due, at the wanted rate. While there is room in it, new visitors come in: so the
// number of visitors finds the level that gives the rate.
func (d *Demo) stroll(ctx context.Context, events chan<- []byte) error {
	random := rand.New(rand.NewPCG(d.o.Seed, 0))
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var guests queue
	last, room := time.Now(), 0.0
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		now := time.Now()
		room = min(room+now.Sub(last).Seconds()*d.o.Rate, max(1, d.o.Rate/4))
		for last = now; room >= 1; room-- {
			if len(guests) == 0 || guests[0].due.After(now) {
				heap.Push(&guests, d.enter(random, now))
			}
			if err := d.step(ctx, &guests, random, now, events); err != nil {
				return err
			}
		}
		d.counts.visitors.Store(int64(len(guests)))
	}
}

// enter is somebody at the door: a stranger, a customer who comes back, or a crawler.
func (d *Demo) enter(random *rand.Rand, now time.Time) *guest {
	own := rand.New(rand.NewPCG(random.Uint64(), random.Uint64()))
	var v *visitor
	if own.IntN(100) < 12 {
		if v = d.crowd.greet(own); v != nil {
			v.returns()
		}
	}
	if v == nil {
		// Ids are fresh in every run: a second run with the same seed is other people.
		v = newVisitor(own, "c"+uuid.NewString()[:12])
		v.anonymousID = uuid.NewString()
		if v.chance(3) {
			v.crawl()
		} else {
			v.journey()
		}
	}
	g := &guest{visitor: v, due: now}
	if v.chance(skewedPercent) {
		g.skew = time.Duration(v.between(-180, 120)) * time.Minute
	}
	return g
}

// step takes the next step of the guest who is due first.
func (d *Demo) step(ctx context.Context, guests *queue, random *rand.Rand, now time.Time, events chan<- []byte) error {
	g := (*guests)[0]
	e := &g.touches[g.next].event
	e.MessageID = uuid.Must(uuid.NewV7()).String()
	// Both times are the browser's own, so a wrong clock cancels out.
	e.Timestamp = now.Add(g.skew).UTC().Truncate(time.Millisecond)
	e.SentAt = e.Timestamp
	raw, err := e.encode()
	if err != nil {
		return err
	}
	if random.IntN(1000) < faultsPerMille {
		raw = spoil(random, raw)
	} else if e.Event == "Order Completed" {
		d.counts.orders.Add(1)
	}
	g.next++
	if g.next == len(g.touches) {
		heap.Pop(guests)
		d.crowd.know(g.visitor)
	} else {
		g.due = now.Add(compress(g.touches[g.next].pause))
		heap.Fix(guests, 0)
	}
	select {
	case events <- raw:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// post sends what waits. An event that cannot be delivered is lost, as a browser's is when it is closed.
func (d *Demo) post(ctx context.Context, events <-chan []byte) error {
	for first := range events {
		batch := gather(first, events)
		outcome, err := d.live.Send(ctx, batch)
		d.counts.accepted.Add(uint64(outcome.Accepted))
		d.counts.rejected.Add(uint64(len(outcome.Rejected)))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var refused *client.RefusedError
		if errors.As(err, &refused) {
			return fmt.Errorf("the demo's visitors: %w", err)
		} else if err != nil {
			d.counts.failed.Add(uint64(len(batch) - outcome.Accepted - len(outcome.Rejected)))
			d.o.Logger.Warn("demo events were not delivered", "events", len(batch), "error", err)
		}
	}
	return nil
}

// gather takes what waits behind the first event without waiting for more.
func gather(first []byte, events <-chan []byte) [][]byte {
	batch := [][]byte{first}
	for len(batch) < sendBatch {
		select {
		case more, open := <-events:
			if !open {
				return batch
			}
			batch = append(batch, more)
		default:
			return batch
		}
	}
	return batch
}
