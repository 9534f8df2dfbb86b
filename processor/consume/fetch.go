package consume

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// Record is one record of a partition. Value is a slice of the whole answer, or of the inflated batch.
type Record struct {
	Offset int64
	// When the producer made it.
	Time  time.Time
	Value []byte
	// It was passed on from another partition.
	Forwarded bool
}

// Fetched is one answer of a broker.
type Fetched struct {
	Records []Record
	// The offset to ask for next.
	Next int64
	// The log's end and start.
	HighWatermark, LogStart int64
	// Those of the records that are traced, in order.
	Traced []Traced
}

// ErrUnreadable is returned when the log has something that is no sound batch: a wrong checksum, broken compression. All
// other errors say something about the way to it.
var ErrUnreadable = errors.New("consume: unreadable")

// ErrTruncated is returned when retention has removed the offset that was asked for.
var ErrTruncated = errors.New("consume: the log no longer holds this offset")

// Fetcher reads partitions. It is safe for concurrent use.
type Fetcher struct {
	client *kafka.Client
}

// maxFetchBytes is at least twice the largest batch.
const (
	maxFetchBytes = 16 << 20
	maxFetchWait  = 250 * time.Millisecond
)

// NewFetcher makes a fetcher; connections are made when needed.
func NewFetcher(cfg Config) *Fetcher { return &Fetcher{client: newClient(cfg)} }

// requestTimeout bounds a request. Without it one whose connection is dead at the other end, or lost on the way, waits for as
// long as the operating system believes in it: up to a quarter of an hour.
const requestTimeout = 20 * time.Second

// newClient makes a client of its own; connections are made when needed.
func newClient(cfg Config) *kafka.Client {
	return &kafka.Client{
		Addr: kafka.TCP(cfg.Brokers...), Timeout: requestTimeout,
		Transport: &kafka.Transport{
			DialTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MetadataTTL: 2 * time.Second,
			TLS: cfg.TLS, SASL: cfg.SASL,
		},
	}
}

// Close closes idle connections.
func (f *Fetcher) Close() { f.client.Transport.(*kafka.Transport).CloseIdleConnections() }

// Bounds gives the first offset of a partition's log and its end.
func (f *Fetcher) Bounds(ctx context.Context, topic string, partition int) (first, end int64, err error) {
	resp, err := f.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		topic: {kafka.FirstOffsetOf(partition), kafka.LastOffsetOf(partition)},
	}})
	if err != nil {
		return 0, 0, fmt.Errorf("offsets of %s/%d: %w", topic, partition, err)
	}
	for _, p := range resp.Topics[topic] {
		if p.Error != nil {
			return 0, 0, fmt.Errorf("offsets of %s/%d: %w", topic, partition, p.Error)
		}
		first, end = p.FirstOffset, p.LastOffset
	}
	return first, end, nil
}

// Partitions counts the partitions of a topic.
func (f *Fetcher) Partitions(ctx context.Context, topic string) (int, error) {
	meta, err := f.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return 0, fmt.Errorf("metadata of %s: %w", topic, err)
	}
	for _, t := range meta.Topics {
		if t.Name == topic && t.Error == nil {
			return len(t.Partitions), nil
		}
	}
	return 0, fmt.Errorf("metadata of %s: %w", topic, kafka.UnknownTopicOrPartition)
}

// Fetch reads records from an offset on, waiting a moment where there are none. The error is ErrTruncated,
// ErrUnreadable, or one that may pass.
func (f *Fetcher) Fetch(ctx context.Context, topic string, partition int, offset int64) (Fetched, error) {
	return f.fetch(ctx, topic, partition, offset, maxFetchBytes)
}

// FetchBatch is Fetch of the one batch that holds the offset.
func (f *Fetcher) FetchBatch(ctx context.Context, topic string, partition int, offset int64) (Fetched, error) {
	return f.fetch(ctx, topic, partition, offset, 1) // a broker always gives a whole batch
}

func (f *Fetcher) fetch(ctx context.Context, topic string, partition int, offset, maxBytes int64) (out Fetched, err error) {
	ctx, cancel := context.WithTimeout(ctx, maxFetchWait+answerTimeout)
	defer cancel()
	resp, err := f.client.Transport.RoundTrip(ctx, f.client.Addr, exchange{request(topic, partition, offset, maxBytes)})
	if err != nil {
		return out, fmt.Errorf("fetch %s/%d at %d: %w", topic, partition, offset, err)
	}
	a, ok := resp.(*answer)
	if !ok {
		return out, fmt.Errorf("fetch %s/%d at %d: answer is a %T", topic, partition, offset, resp)
	}
	out = Fetched{Next: offset, HighWatermark: a.highWatermark, LogStart: a.logStart}
	if errors.Is(a.err, kafka.OffsetOutOfRange) {
		return out, ErrTruncated
	}
	if errors.Is(a.err, kafka.InvalidMessage) { // the broker has seen that it is broken
		return out, fmt.Errorf("%w: %w", ErrUnreadable, a.err)
	}
	if a.err != nil {
		return out, fmt.Errorf("fetch %s/%d at %d: %w", topic, partition, offset, a.err)
	}
	out.Records = make([]Record, 0, usualRecords)
	if err := out.read(a.batches, offset); err != nil {
		return out, fmt.Errorf("fetch %s/%d at %d: %w", topic, partition, offset, err)
	}
	return out, nil
}

// answerTimeout is how long a broker may take beyond the wait it was asked for.
const answerTimeout = 10 * time.Second

// usualRecords is room for the records of an answer under load.
const usualRecords = 256

func request(topic string, partition int, offset, maxBytes int64) *fetch.Request {
	return &fetch.Request{
		ReplicaID: -1, MaxWaitTime: int32(maxFetchWait.Milliseconds()), MinBytes: 1, MaxBytes: int32(maxBytes), SessionEpoch: -1,
		Topics: []fetch.RequestTopic{{Topic: topic, Partitions: []fetch.RequestPartition{{
			Partition: int32(partition), CurrentLeaderEpoch: -1, FetchOffset: offset, LogStartOffset: -1, PartitionMaxBytes: int32(maxBytes),
		}}}},
	}
}
