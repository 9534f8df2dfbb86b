package main

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/topics"
)

// offsets asks a broker how far a group is.
type offsets struct {
	client *kafka.Client
	ids    []int
	// Where each partition ended when end was asked: what processors add to the topic later is not counted.
	ends map[int]int64
}

func newOffsets(addr string, partitions int) *offsets {
	o := &offsets{client: &kafka.Client{Addr: kafka.TCP(addr), Timeout: 10 * time.Second}, ends: map[int]int64{}}
	for id := range partitions {
		o.ids = append(o.ids, id)
	}
	return o
}

// end is how many records the topic has had: touchpoints, and links.
func (o *offsets) end(ctx context.Context) (sum int64, err error) {
	var ends []kafka.OffsetRequest
	for _, id := range o.ids {
		ends = append(ends, kafka.LastOffsetOf(id))
	}
	resp, err := o.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topics.Touchpoints: ends}})
	if err != nil {
		return 0, fmt.Errorf("ends of the topic: %w", err)
	}
	for _, p := range resp.Topics[topics.Touchpoints] {
		if p.Error != nil {
			return 0, fmt.Errorf("end of partition %d: %w", p.Partition, p.Error)
		}
		o.ends[p.Partition] = p.LastOffset
		sum += p.LastOffset
	}
	return sum, nil
}

// committed is how many of the records a group is through with.
func (o *offsets) committed(ctx context.Context, group string) (sum int64, err error) {
	resp, err := o.client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topics.Touchpoints: o.ids}})
	if err != nil {
		return 0, fmt.Errorf("offsets of group %s: %w", group, err)
	}
	for _, p := range resp.Topics[topics.Touchpoints] {
		sum += max(0, min(p.CommittedOffset, o.ends[p.Partition]))
	}
	return sum, nil
}

// until waits until the group is through with so many; it fails when the process ends before, or nothing moves for long.
func (o *offsets) until(ctx context.Context, group string, records int64, by *process) error {
	var seen int64
	moved := time.Now()
	for {
		at, err := o.committed(ctx, group)
		if err != nil {
			return err
		}
		if at >= records {
			return nil
		}
		if at > seen {
			seen, moved = at, time.Now()
		}
		if time.Since(moved) > 2*time.Minute {
			return fmt.Errorf("%s stands at %d of %d\n%s", by.name, at, records, by.tail())
		}
		select {
		case <-by.ended:
			return fmt.Errorf("%s has ended: %w\n%s", by.name, by.err, by.tail())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// fetchAll reads the whole topic and does nothing with it: the baseline of the processor.
func fetchAll(ctx context.Context, addr string, partitions int) error {
	f := consume.NewFetcher(consume.Config{Brokers: []string{addr}})
	defer f.Close()
	errs := make(chan error)
	for id := range partitions {
		go func() { errs <- fetchPartition(ctx, f, id) }()
	}
	for range partitions {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func fetchPartition(ctx context.Context, f *consume.Fetcher, id int) error {
	next, end, err := f.Bounds(ctx, topics.Touchpoints, id)
	for err == nil && next < end {
		var got consume.Fetched
		got, err = f.Fetch(ctx, topics.Touchpoints, id, next)
		next = got.Next
	}
	return err
}
