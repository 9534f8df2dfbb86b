package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/throughline/throughline/deploy/importer/client"
)

// Run imports a file. It returns when every row has a verdict, when ctx ends (with its cause as the error; the progress is kept),
// or at the first error that trying again does not help. Refused rows are no error: see Summary.Rejected.
func Run(ctx context.Context, o Options) (Summary, error) {
	to, err := o.prepare()
	if err != nil {
		return Summary{}, err
	}
	input, err := openSource(o.File)
	if err != nil {
		return Summary{}, err
	}
	defer input.Close()
	done, why := state{Of: input.identity(&o)}, ""
	if !o.Restart {
		if done, why, err = loadState(o.State, input.identity(&o)); err != nil {
			return Summary{}, err
		}
	}
	if why != "" {
		o.Logger.Info("import starts at the first row", "file", o.File, "because", why)
	}
	r := &run{o: &o, to: to, input: input, state: done, resumed: done.Rows, began: time.Now()}
	if done.Complete {
		return r.summary(), nil
	}
	if r.rejected, err = openRejected(o.Rejects, done.RejectedBytes); err != nil {
		return Summary{}, err
	}
	err = errors.Join(r.pass(ctx), r.rejected.close())
	return r.summary(), err
}

// run is one import under way: one goroutine cuts batches, some send them, one takes the verdicts in row order.
type run struct {
	o        *Options
	to       *client.Client
	input    *source
	rejected *rejectedList
	state    state
	resumed  int64
	began    time.Time
	reported time.Time
	saved    time.Time
	batches  sync.Pool
}

// pass moves the file through. Batches come out in the order they went in, so what is done is always rows 1 to n.
func (r *run) pass(ctx context.Context) error {
	cut, err := r.cutter()
	if err != nil {
		return err
	}
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	sending, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abort(nil)
	unhook := context.AfterFunc(ctx, func() {
		// Requests under way may end; then they need not be sent again.
		time.AfterFunc(r.o.Grace, func() { abort(context.Cause(ctx)) })
	})
	defer unhook()

	work := make(chan *batch)
	order := make(chan *batch, 2*r.o.InFlight)
	var group errgroup.Group
	group.Go(func() error {
		defer close(order)
		defer close(work)
		return r.cut(reading, cut, work, order)
	})
	for range r.o.InFlight {
		group.Go(func() error {
			for b := range work {
				r.send(sending, b)
			}
			return nil
		})
	}
	settled := r.settle(order, func(err error) { stop(err); abort(err) })
	cutting := group.Wait()
	if settled == nil {
		settled = cutting
	}
	return errors.Join(settled, r.finish(settled == nil))
}

func (r *run) cutter() (*cutter, error) {
	rows, err := r.input.rows(r.o.Mapping)
	if err != nil {
		return nil, err
	}
	to, err := newConverter(r.o.Mapping, rows.columns())
	if err != nil {
		return nil, err
	}
	return &cutter{reader: rows, to: to, size: r.o.Batch, from: r.state.Rows}, nil
}

// cut hands each batch to a sender and, in order, to settle.
func (r *run) cut(ctx context.Context, c *cutter, work, order chan<- *batch) error {
	for {
		b, ok := r.batches.Get().(*batch)
		if !ok {
			b = new(batch)
		}
		b.reset()
		err := c.fill(ctx, b)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		b.bytes = r.input.took.Load()
		select {
		case order <- b:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		select {
		case work <- b:
		case <-ctx.Done():
			b.err = context.Cause(ctx)
			close(b.done)
			return b.err
		}
		if err != nil {
			return nil //nolint:nilerr // the end of the file
		}
	}
}

func (r *run) send(ctx context.Context, b *batch) {
	defer close(b.done)
	if b.outcome, b.err = r.to.Send(ctx, b.events()); b.err != nil {
		b.err = fmt.Errorf("sending rows up to %d: %w", b.last, b.err)
	}
}

// settle takes the verdicts in row order until the first batch that failed; it then calls fail and lets the rest go.
func (r *run) settle(order <-chan *batch, fail func(error)) error {
	var failed error
	for b := range order {
		<-b.done
		if failed == nil {
			failed = b.err
			if failed == nil {
				failed = r.commit(b)
			}
			if failed != nil {
				fail(failed)
			}
		}
		r.batches.Put(b)
	}
	return failed
}
