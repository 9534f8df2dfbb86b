package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/throughline/throughline/deploy/importer/client"
)

// Options of a demo.
type Options struct {
	// URL of the collector, such as http://127.0.0.1:8080.
	URL string
	// WriteKey and ImportKey of the site.
	WriteKey, ImportKey string
	// Rate of live touchpoints a second, default 50.
	Rate float64
	// Seed of everything that is random, default 1.
	Seed uint64
	// History is about how many touchpoints of the past weeks are sent at first, default 20,000; negative sends none.
	History int
	// Logger, default discards.
	Logger *slog.Logger
}

// historyDays exceeds the journey timeout of 30 days, so that some journeys are over and count as dropped.
const historyDays = 56

// maxRate is what one simulation is made for; load is generated elsewhere.
const maxRate = 5000

// Demo is a shop with its visitors.
type Demo struct {
	o       Options
	live    *client.Client
	history *client.Client
	crowd   crowd
	counts  counters
}

type counters struct {
	backfilled, accepted, rejected, failed, orders atomic.Uint64
	visitors                                       atomic.Int64
}

// Stats count since Run.
type Stats struct {
	// Backfilled touchpoints of history, and live ones by verdict. Failed ones could not be delivered in half a minute.
	Backfilled, Accepted, Rejected, Failed uint64
	// Orders among the live ones.
	Orders uint64
	// Visitors who are in the shop at this moment.
	Visitors int64
}

// livePatience is how long a live touchpoint is tried; then the visitor's browser would be closed.
const livePatience = 30 * time.Second

// New checks the options; it does no I/O.
func New(o Options) (*Demo, error) {
	if o.Rate == 0 {
		o.Rate = 50
	}
	if o.Rate < 0 || o.Rate > maxRate {
		return nil, fmt.Errorf("demo: rate of %g touchpoints a second: use more than 0 and at most %d", o.Rate, maxRate)
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.History == 0 {
		o.History = 20_000
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	base := strings.TrimRight(o.URL, "/")
	live, err := client.New(client.Config{URL: base + "/v1/touchpoints", Key: o.WriteKey, Patience: livePatience, Logger: o.Logger})
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	d := &Demo{o: o, live: live}
	if o.History > 0 {
		if d.history, err = client.New(client.Config{URL: base + "/v1/import", Key: o.ImportKey, Logger: o.Logger}); err != nil {
			return nil, fmt.Errorf("demo, history: %w", err)
		}
	}
	return d, nil
}

// Run sends the history and then live touchpoints until ctx ends, which is no error. An error means that the collector
// refused the requests as a whole, such as for a wrong key, or that it was away while the history was to be sent.
func (d *Demo) Run(ctx context.Context) error {
	err := d.Backfill(ctx, time.Now())
	if err == nil {
		err = d.visit(ctx)
	}
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
		return nil
	}
	return err
}

// Stats may be asked for at any time.
func (d *Demo) Stats() Stats {
	return Stats{
		Backfilled: d.counts.backfilled.Load(),
		Accepted:   d.counts.accepted.Load(), Rejected: d.counts.rejected.Load(), Failed: d.counts.failed.Load(),
		Orders: d.counts.orders.Load(), Visitors: d.counts.visitors.Load(),
	}
}
