// Package publish takes records and gives an answer once every in-sync replica of the broker has them.
//
// Each partition has one batch on its way and one that fills meanwhile: the next is sent when the previous one is
// acknowledged, not after a timer. So a lone record goes at once, and under load batches grow by themselves. The
// batches of partitions with one leader travel in one request. Batches carry a producer id and a sequence, so a batch
// that is sent again after a lost answer is written once.
package publish

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Record goes to one partition. Key and Value are copied before Publish waits.
type Record struct {
	Partition  int32
	Key, Value []byte
	// Trace is a W3C traceparent that goes into the record's header; empty for most.
	Trace string
}

// cost is the bytes of admission that a record takes.
func (r *Record) cost() int64 {
	return int64(len(r.Key) + len(r.Value) + recordOverhead + headersSize(r))
}

// Producer publishes to one topic. It is safe for concurrent use.
type Producer struct {
	cfg        Config
	codec      codec
	log        *slog.Logger
	metrics    *metrics
	cluster    *cluster
	partitions []*partition
	lanes      []*lane
	buffered   atomic.Int64
	calls      sync.Pool
	workers    sync.WaitGroup
	abort      context.CancelFunc
	// closing ends probes: a partition that is away has nothing left to send.
	closing context.Context
	close   context.CancelFunc
}

// New validates cfg; it connects to nothing.
func New(cfg Config, deps Dependencies) (*Producer, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	codec, err := codecOf(cfg.Compression)
	if err != nil {
		return nil, err
	}
	log := deps.Log
	if log == nil {
		log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	p := &Producer{cfg: cfg, codec: codec, log: log.With("topic", cfg.Topic), cluster: newCluster(cfg, deps)}
	p.metrics = newMetrics(deps.Metrics, cfg.Topic, cfg.MaxBytes, func() float64 { return float64(p.buffered.Load()) })
	return p, nil
}

// Start learns the number of partitions and begins to send. It waits for the broker until ctx ends, unless the
// configuration names the number of partitions: then a broker that is away is looked for in the background.
func (p *Producer) Start(ctx context.Context) error {
	leaders, err := p.discover(ctx)
	away := err != nil && p.cfg.Partitions > 0
	switch {
	case away:
		p.log.Warn("broker is away, looking for it in the background", "error", err)
		leaders = make([]int, p.cfg.Partitions)
	case err != nil:
		return fmt.Errorf("publish: %w", err)
	case p.cfg.Partitions > 0 && len(leaders) != p.cfg.Partitions:
		return fmt.Errorf("publish: topic %s has %d partitions, the configuration says %d", p.cfg.Topic, len(leaders), p.cfg.Partitions)
	}
	p.calls.New = func() any { return newCall(len(leaders)) }
	var run context.Context
	run, p.abort = context.WithCancel(context.Background())
	p.closing, p.close = context.WithCancel(run)
	p.assign(leaders, away)
	for _, q := range p.partitions {
		if away {
			q.startProbe()
		}
	}
	for _, l := range p.lanes {
		p.workers.Go(func() { l.run(run) })
	}
	return nil
}

// assign makes a lane for each leader and gives it the leader's partitions. They stay there when leaders move.
func (p *Producer) assign(leaders []int, away bool) {
	byLeader := map[int]*lane{}
	for i, leader := range leaders {
		q := newPartition(p, int32(i), away)
		if byLeader[leader] == nil {
			byLeader[leader] = &lane{p: p, wake: make(chan struct{}, 1)}
			p.lanes = append(p.lanes, byLeader[leader])
		}
		q.lane = byLeader[leader]
		q.lane.members = append(q.lane.members, q)
		p.partitions = append(p.partitions, q)
	}
}

func (p *Producer) discover(ctx context.Context) ([]int, error) {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		leaders, err := p.cluster.leaders(ctx)
		if err == nil || p.cfg.Partitions > 0 {
			return leaders, err
		}
		p.cluster.transport.CloseIdleConnections()
		if !sleep(ctx, wait) {
			return nil, fmt.Errorf("%w (last: %w)", ctx.Err(), err)
		}
	}
}

// Partitions of the topic; known after Start.
func (p *Producer) Partitions() int { return len(p.partitions) }

// Available says whether no partition is known to be away.
func (p *Producer) Available() bool {
	for _, q := range p.partitions {
		if q.away.Load() {
			return false
		}
	}
	return len(p.partitions) > 0
}

// Publish blocks until every record is acknowledged by all in-sync replicas. It returns ErrOverloaded at once when
// admission is full, ErrUnavailable when a partition is known to be away (at once) or does not take a batch within
// the delivery timeout, ErrRefused when the broker will never take a batch, and ErrClosed after Close. When ctx ends
// first its error is returned and the records are sent nevertheless. On any error but ErrOverloaded some
// of the records may be in the log.
func (p *Producer) Publish(ctx context.Context, records []Record) error {
	if len(records) == 0 {
		return nil
	}
	for i := range records {
		if part := records[i].Partition; part < 0 || int(part) >= len(p.partitions) {
			return fmt.Errorf("publish: partition %d of %d", part, len(p.partitions))
		}
	}
	c := p.calls.Get().(*call)
	cost := c.route(records)
	if err := p.admit(c, cost); err != nil {
		p.put(c)
		return err
	}
	c.pending.Store(1) // held until every partition has its records
	now := time.Now()
	for _, part := range c.touched {
		p.partitions[part].append(c, records, now)
	}
	c.settle(nil)
	select {
	case <-c.done:
		err := c.err()
		p.put(c)
		return err
	case <-ctx.Done():
		return fmt.Errorf("publish: %w", ctx.Err()) // c still belongs to its batches
	}
}

func (p *Producer) put(c *call) {
	c.reset()
	p.calls.Put(c)
}

func (p *Producer) admit(c *call, cost int64) error {
	for _, part := range c.touched {
		if p.partitions[part].away.Load() {
			p.metrics.rejected.WithLabelValues(refusedAway).Inc()
			return ErrUnavailable
		}
	}
	if p.buffered.Add(cost) > p.cfg.MaxBytes {
		p.buffered.Add(-cost)
		p.metrics.rejected.WithLabelValues(refusedFull).Inc()
		return ErrOverloaded
	}
	return nil
}

// Close takes no more records, sends what it has until ctx ends, and then gives up the rest with ErrUnavailable.
// It returns the error of ctx when something was given up.
func (p *Producer) Close(ctx context.Context) error {
	if p.abort == nil {
		return nil
	}
	p.close()
	for _, q := range p.partitions {
		q.close()
	}
	for _, l := range p.lanes {
		l.rouse()
	}
	stop := context.AfterFunc(ctx, p.abort)
	p.workers.Wait()
	cut := !stop()
	p.abort()
	p.cluster.transport.CloseIdleConnections()
	if cut {
		return fmt.Errorf("publish: close: %w", ctx.Err())
	}
	return nil
}

// sleep waits for d; it is false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
