// Package delivery takes encoded records and makes them durable: in Kafka, acknowledged by all replicas, or in the disk
// spool while Kafka is away; what was spooled goes on to Kafka later. A call returns only when one of the two is so.
package delivery

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/collector/publish"
	"github.com/throughline/throughline/schemas/topics"
)

// Producer publishes to one topic; its errors are those of package publish.
type Producer interface {
	// Start returns once the topic is known, however long the broker is away.
	Start(ctx context.Context) error
	Partitions() int
	Available() bool
	Publish(ctx context.Context, records []Record) error
	Close(ctx context.Context) error
}

// Spool keeps opaque records on disk.
type Spool interface {
	// Append returns nil when the records are on disk.
	Append(ctx context.Context, records [][]byte) error
	// Drain hands the records to send, oldest first, and forgets those that were sent.
	Drain(ctx context.Context, send func(ctx context.Context, records [][]byte) error) error
	// Stats gives the bytes that wait, and since when the oldest does.
	Stats() (bytes int64, oldest time.Time)
}

// Deps are what a Delivery works with; all are needed.
type Deps struct {
	Logger      *slog.Logger
	Touchpoints Producer
	Rejected    Producer
	Spool       Spool
	// Metrics may be nil.
	Metrics prometheus.Registerer
}

// Delivery makes records durable. It is safe for concurrent use between Start and Stop.
type Delivery struct {
	log     *slog.Logger
	spool   Spool
	metrics *metrics
	lines   [lanes]*line
	// away says that the last records went into the spool, for one line in the log at each change.
	away atomic.Bool
	// spooled wakes the drain.
	spooled chan struct{}
	// pause between attempts to drain.
	pause time.Duration

	workers sync.WaitGroup
	stop    context.CancelFunc
}

// line is the way to one topic.
type line struct {
	producer Producer
	started  atomic.Bool
	known    chan struct{} // closed with started
	turn     atomic.Uint32
}

// New builds a delivery; it opens nothing.
func New(deps Deps) *Delivery {
	d := &Delivery{log: deps.Logger, spool: deps.Spool, metrics: newMetrics(deps.Metrics), spooled: make(chan struct{}, 1), pause: 500 * time.Millisecond}
	d.lines[laneTouchpoints] = &line{producer: deps.Touchpoints, known: make(chan struct{})}
	d.lines[laneRejected] = &line{producer: deps.Rejected, known: make(chan struct{})}
	return d
}

// Start begins to look for the broker, and drains what an earlier run has left. It does not wait: until the broker is
// found, records go into the spool.
func (d *Delivery) Start(ctx context.Context) {
	ctx, d.stop = context.WithCancel(context.WithoutCancel(ctx))
	for _, l := range d.lines {
		d.workers.Go(func() {
			if err := l.producer.Start(ctx); err != nil {
				d.log.Error("producer not started", "error", err)
				return
			}
			l.started.Store(true)
			close(l.known)
		})
	}
	d.workers.Go(func() { d.drain(ctx) })
}

// WaitStarted waits until both topics are known, or the time is over.
func (d *Delivery) WaitStarted(ctx context.Context, patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for _, l := range d.lines {
		select {
		case <-l.known:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// Stop ends the drain and closes the producers, which send what they have until ctx ends. What is spooled stays so.
func (d *Delivery) Stop(ctx context.Context) error {
	if d.stop == nil {
		return nil
	}
	d.stop()
	d.workers.Wait()
	var errs []error
	for _, l := range d.lines {
		if l.started.Load() {
			errs = append(errs, l.producer.Close(ctx))
		}
	}
	return errors.Join(errs...)
}

// Available says whether Kafka takes records now.
func (d *Delivery) Available() bool {
	for _, l := range d.lines {
		if !l.started.Load() || !l.producer.Available() {
			return false
		}
	}
	return true
}

// Touchpoints delivers accepted touchpoints; see deliver.
func (d *Delivery) Touchpoints(ctx context.Context, records []Record) error {
	return d.deliver(ctx, laneTouchpoints, records)
}

// Rejected delivers refused events to the dead letter; see deliver.
func (d *Delivery) Rejected(ctx context.Context, records []Record) error {
	return d.deliver(ctx, laneRejected, records)
}

// deliver returns nil once all records are durable. ErrOverloaded asks for patience; publish.ErrRefused is lasting;
// any other error says that neither Kafka nor the spool can take them now. It sets the records' partitions.
func (d *Delivery) deliver(ctx context.Context, to lane, records []Record) error {
	err := d.lines[to].publish(ctx, records)
	switch {
	case err == nil, errors.Is(err, publish.ErrOverloaded):
		return err
	case errors.Is(err, publish.ErrRefused):
		d.log.Error("records refused by Kafka", "error", err, "records", len(records))
		return err
	}
	return d.keep(ctx, to, records, err)
}

// keep puts records into the spool.
func (d *Delivery) keep(ctx context.Context, to lane, records []Record, reason error) error {
	size := 0
	for _, r := range records {
		size += len(r.Key) + len(r.Value) + 2 + binary.MaxVarintLen32
	}
	slab, frames := make([]byte, 0, size), make([][]byte, len(records))
	for i, r := range records {
		from := len(slab)
		slab = appendFrame(slab, to, r)
		frames[i] = slab[from:len(slab):len(slab)]
	}
	if err := d.spool.Append(ctx, frames); err != nil {
		return fmt.Errorf("kafka: %w; spool: %w", reason, err)
	}
	if !d.away.Swap(true) {
		d.log.Warn("Kafka is away, events go into the spool", "error", reason)
	}
	select {
	case d.spooled <- struct{}{}:
	default:
	}
	return nil
}

// publish sets the partitions and sends.
func (l *line) publish(ctx context.Context, records []Record) error {
	if !l.started.Load() {
		return publish.ErrUnavailable
	}
	partitions := l.producer.Partitions()
	for i := range records {
		if key := records[i].Key; len(key) == 2 {
			records[i].Partition = topics.Partition(binary.BigEndian.Uint16(key), partitions)
		} else {
			records[i].Partition = int32(l.turn.Add(1) % uint32(partitions))
		}
	}
	return l.producer.Publish(ctx, records)
}
