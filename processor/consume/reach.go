package consume

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"
)

// Reach is how far a group and a log are in one partition: the next offset that the group has committed, or None, and the log's end.
type Reach struct {
	Committed, End int64
}

// Reached gives the reach of each of the first partitions of a topic. What the group had committed when it was asked is
// before the ends.
func (f *Fetcher) Reached(ctx context.Context, group, topic string, partitions int) ([]Reach, error) {
	ids, ends := make([]int, partitions), make([]kafka.OffsetRequest, partitions)
	for i := range ids {
		ids[i], ends[i] = i, kafka.LastOffsetOf(i)
	}
	committed, err := f.client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: ids}})
	if err == nil {
		err = committed.Error
	}
	if err != nil {
		return nil, fmt.Errorf("offsets of group %s in %s: %w", group, topic, err)
	}
	listed, err := f.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: ends}})
	if err != nil {
		return nil, fmt.Errorf("ends of %s: %w", topic, err)
	}
	reach := make([]Reach, partitions)
	for i := range reach {
		reach[i] = Reach{None, -1}
	}
	for _, p := range committed.Topics[topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("offset of group %s in %s/%d: %w", group, topic, p.Partition, p.Error)
		}
		if p.CommittedOffset >= 0 {
			reach[p.Partition].Committed = p.CommittedOffset
		}
	}
	for _, p := range listed.Topics[topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("end of %s/%d: %w", topic, p.Partition, p.Error)
		}
		reach[p.Partition].End = p.LastOffset
	}
	for i, r := range reach {
		if r.End < 0 {
			return nil, fmt.Errorf("end of %s/%d: %w", topic, i, kafka.UnknownTopicOrPartition)
		}
	}
	return reach, nil
}
