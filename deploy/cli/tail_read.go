package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/processor/consume"
)

// entry is one record and where it lay.
type entry struct {
	topic     string
	partition int
	record    consume.Record
}

// startAt says where reading begins; the zero value is the end of the log.
type startAt struct {
	fromStart bool
	since     time.Time
}

// follower reads topics without being a member of a consumer group.
type follower struct {
	fetcher *consume.Fetcher
	client  *kafka.Client
	warn    func(error)
}

// startPatience bounds the first questions to the cluster, which fail fast for somebody at a terminal.
const startPatience = 10 * time.Second

// newFollower connects when it is needed. warn is told of failures that may pass.
func newFollower(conn kafkaconn.Conn, warn func(error)) *follower {
	return &follower{
		fetcher: consume.NewFetcher(consume.Config{Brokers: conn.Brokers, TLS: conn.TLS, SASL: conn.SASL}),
		client:  conn.Client(startPatience),
		warn:    warn,
	}
}

func (f *follower) close() {
	f.fetcher.Close()
	f.client.Transport.(*kafka.Transport).CloseIdleConnections()
}

// place is where one partition is read from next.
type place struct {
	topic     string
	partition int
	offset    int64
}

// follow gives the records of all partitions of the topics, until ctx ends. Those of a partition are in order.
func (f *follower) follow(ctx context.Context, topics []string, start startAt) (<-chan entry, error) {
	asking, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	var places []*place
	for _, topic := range topics {
		n, err := f.fetcher.Partitions(asking, topic)
		if err != nil {
			return nil, err
		}
		for partition := range n {
			offset, err := f.begin(asking, topic, partition, start)
			if err != nil {
				return nil, err
			}
			places = append(places, &place{topic, partition, offset})
		}
	}
	out := make(chan entry)
	var reading sync.WaitGroup
	for _, p := range places {
		reading.Go(func() { f.read(ctx, p, out) })
	}
	go func() {
		defer close(out)
		reading.Wait()
	}()
	return out, nil
}

// begin is the offset to begin a partition with.
func (f *follower) begin(ctx context.Context, topic string, partition int, start startAt) (int64, error) {
	first, end, err := f.fetcher.Bounds(ctx, topic, partition)
	switch {
	case err != nil:
		return 0, err
	case start.fromStart:
		return first, nil
	case start.since.IsZero():
		return end, nil
	}
	answer, err := f.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		topic: {kafka.TimeOffsetOf(partition, start.since)},
	}})
	if err != nil {
		return 0, fmt.Errorf("offset of %s/%d at %s: %w", topic, partition, start.since.Format(time.RFC3339), err)
	}
	for _, p := range answer.Topics[topic] {
		if p.Error != nil {
			return 0, fmt.Errorf("offset of %s/%d at %s: %w", topic, partition, start.since.Format(time.RFC3339), p.Error)
		}
		for offset := range p.Offsets {
			if offset >= 0 {
				return offset, nil
			}
		}
	}
	return end, nil // nothing is that young
}

// Pauses after a failure.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Second
)

// read passes a partition's records on until ctx ends. What fails is tried again.
func (f *follower) read(ctx context.Context, p *place, out chan<- entry) {
	pause := firstPause
	for ctx.Err() == nil {
		got, err := f.fetcher.Fetch(ctx, p.topic, p.partition, p.offset)
		if err != nil && ctx.Err() == nil {
			if f.recover(ctx, p, err, pause == firstPause); !sleep(ctx, pause) {
				return
			}
			pause = min(2*pause, lastPause)
			continue
		}
		pause = firstPause
		for _, r := range got.Records {
			select {
			case out <- entry{p.topic, p.partition, r}:
			case <-ctx.Done():
				return
			}
		}
		p.offset = got.Next
	}
}

// recover warns, once in a row of failures, and goes on at the log's start where retention has overtaken the reader.
func (f *follower) recover(ctx context.Context, p *place, err error, first bool) {
	if first {
		f.warn(fmt.Errorf("%w; trying again", err))
	}
	if !errors.Is(err, consume.ErrTruncated) {
		return
	}
	if start, _, err := f.fetcher.Bounds(ctx, p.topic, p.partition); err == nil {
		p.offset = start
	}
}

// sleep tells whether the pause has passed before ctx ended.
func sleep(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}
