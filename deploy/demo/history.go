package demo

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/throughline/throughline/deploy/importer/client"
)

const (
	// historyBatch is the most that the collector takes in one request.
	historyBatch = 500
	// touchesPerJourney is the mean length of a journey; a test holds it to the truth.
	touchesPerJourney = 9.0
	// memory is how long ago a customer may have been there to come back among the live visitors: within the timeout of
	// 30 days it is the same journey.
	memory = 25 * day
)

// hours is how busy the shop is by the hour of the day (UTC).
var hours = []int{2, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 8, 9, 8, 7, 7, 8, 10, 12, 13, 12, 9, 6, 4}

// Backfill sends what happened in the weeks before now, oldest first. The touchpoints of a calendar day depend on the seed,
// the size of the history and the date only, so another Backfill changes nothing but adds what happened since.
func (d *Demo) Backfill(ctx context.Context, now time.Time) error {
	if d.o.History <= 0 {
		return nil
	}
	past := d.past(now.UTC())
	events := make([][]byte, len(past))
	for i := range past {
		raw, err := past[i].encode()
		if err != nil {
			return err
		}
		events[i] = raw
	}
	// Two requests at once keep the collector busy and the order of a customer's touchpoints nearly as it was.
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for batch := range slices.Chunk(events, historyBatch) {
		group.Go(func() error { return d.sendPast(ctx, batch) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("sending the demo's history: %w", err)
	}
	d.o.Logger.Info("demo history sent", "touchpoints", len(events), "days", historyDays)
	return nil
}

func (d *Demo) sendPast(ctx context.Context, batch [][]byte) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	outcome, err := d.history.Send(ctx, batch)
	d.counts.backfilled.Add(uint64(outcome.Accepted))
	if err == nil && len(outcome.Rejected) > 0 {
		d.warn("history was refused", outcome)
	}
	return err
}

func (d *Demo) warn(what string, outcome client.Outcome) {
	one := outcome.Rejected[0]
	d.o.Logger.Warn(what, "events", len(outcome.Rejected), "reason", one.Reason, "field", one.Field, "detail", one.Detail)
}

// past lists the touchpoints before now in order of time, and remembers who may go on with a journey that is over for now.
func (d *Demo) past(now time.Time) []event {
	var events []event
	today := now.Truncate(day)
	for back := historyDays; back >= 0; back-- {
		date := today.Add(-time.Duration(back) * day)
		for k := range d.journeysOn(date) {
			v, start := d.pastVisitor(date, k)
			visit := v.until(start, now, fmt.Sprintf("demo-%d-%s-%d", d.o.Seed, date.Format("20060102"), k))
			events = append(events, visit...)
			if n := len(visit); n == len(v.touches) && visit[n-1].Timestamp.After(now.Add(-memory)) {
				d.crowd.know(v)
			}
		}
	}
	slices.SortStableFunc(events, func(a, b event) int {
		return cmp.Or(a.Timestamp.Compare(b.Timestamp), cmp.Compare(a.MessageID, b.MessageID))
	})
	return events
}

// journeysOn is how many journeys begin on a day: fewer on working days.
func (d *Demo) journeysOn(date time.Time) int {
	mean := float64(d.o.History) / historyDays / touchesPerJourney
	if date.Weekday() == time.Saturday || date.Weekday() == time.Sunday {
		return int(mean*1.3 + 0.5)
	}
	return int(mean*0.88 + 0.5)
}

// pastVisitor is the k-th visitor of a day with the whole journey, and when it began.
func (d *Demo) pastVisitor(date time.Time, k int) (*visitor, time.Time) {
	random := rand.New(rand.NewPCG(d.o.Seed, uint64(date.Unix())<<16+uint64(k)))
	v := newVisitor(random, fmt.Sprintf("c%s%03d", date.Format("060102"), k))
	start := date.Add(time.Duration(pick(random, len(hours), func(i int) int { return hours[i] }))*hour +
		time.Duration(random.Int64N(int64(hour))).Truncate(time.Millisecond))
	if v.chance(4) {
		v.crawl()
	} else {
		v.journey()
	}
	return v, start
}

// until gives the visitor's touchpoints before now; ids begin with prefix.
func (v *visitor) until(start, now time.Time, prefix string) []event {
	var events []event
	at := start
	for i, t := range v.touches {
		at = at.Add(t.pause.Truncate(time.Millisecond))
		if !at.Before(now) {
			break
		}
		t.event.Timestamp = at
		t.event.MessageID = fmt.Sprintf("%s-%d", prefix, i)
		events = append(events, t.event)
	}
	return events
}
