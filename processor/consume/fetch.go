package consume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
)

// Record is one record of a partition. Value is not shared.
type Record struct {
	Offset int64
	// When the producer made it.
	Time  time.Time
	Value []byte
}

// Fetched is one answer of a broker.
type Fetched struct {
	Records []Record
	// The offset to ask for next.
	Next int64
	// The log's end and start.
	HighWatermark, LogStart int64
}

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
func NewFetcher(cfg Config) *Fetcher {
	return &Fetcher{client: &kafka.Client{
		Addr: kafka.TCP(cfg.Brokers...),
		Transport: &kafka.Transport{
			DialTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MetadataTTL: 2 * time.Second,
			TLS: cfg.TLS, SASL: cfg.SASL,
		},
	}}
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

// Fetch reads records from an offset on, waiting a moment where there are none. The error is ErrTruncated, or one that may
// pass.
func (f *Fetcher) Fetch(ctx context.Context, topic string, partition int, offset int64) (Fetched, error) {
	return f.fetch(ctx, topic, partition, offset, maxFetchBytes)
}

// FetchBatch is Fetch of the one batch that holds the offset.
func (f *Fetcher) FetchBatch(ctx context.Context, topic string, partition int, offset int64) (Fetched, error) {
	return f.fetch(ctx, topic, partition, offset, 1) // a broker always gives a whole batch
}

func (f *Fetcher) fetch(ctx context.Context, topic string, partition int, offset, maxBytes int64) (out Fetched, err error) {
	resp, err := f.client.Fetch(ctx, &kafka.FetchRequest{
		Topic: topic, Partition: partition, Offset: offset,
		MinBytes: 1, MaxBytes: maxBytes, MaxWait: maxFetchWait,
	})
	if err != nil {
		return out, fmt.Errorf("fetch %s/%d at %d: %w", topic, partition, offset, err)
	}
	out = Fetched{Next: offset, HighWatermark: resp.HighWatermark, LogStart: resp.LogStartOffset}
	if errors.Is(resp.Error, kafka.OffsetOutOfRange) {
		return out, ErrTruncated
	}
	if resp.Error != nil {
		return out, fmt.Errorf("fetch %s/%d at %d: %w", topic, partition, offset, resp.Error)
	}
	return out, out.read(resp.Records, offset)
}

// usualRecords is room for the records of an answer under load.
const usualRecords = 256

// read takes the records at or after offset; a batch may begin before it.
func (o *Fetched) read(records kafka.RecordReader, offset int64) error {
	o.Records = make([]Record, 0, usualRecords)
	for {
		r, err := records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read records: %w", err)
		}
		value, err := kafka.ReadAll(r.Value)
		if err != nil {
			return fmt.Errorf("read record %d: %w", r.Offset, err)
		}
		if r.Key != nil {
			_ = r.Key.Close()
		}
		if r.Value != nil {
			_ = r.Value.Close()
		}
		if r.Offset < offset {
			continue
		}
		o.Records = append(o.Records, Record{Offset: r.Offset, Time: r.Time, Value: value})
		o.Next = r.Offset + 1
	}
}
