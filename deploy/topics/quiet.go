package topics

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/schemas/topics"
)

// Quiet is ErrGroupActive as long as a consumer group has members. Else it gives how many records wait for the next ones.
func Quiet(ctx context.Context, cfg Config, group string) (waiting int64, err error) {
	e, stop := newEnsurer(cfg)
	defer stop()
	if err := e.idle(ctx, group); err != nil {
		return 0, fmt.Errorf("group %s: %w", group, err)
	}
	if waiting, err = e.waiting(ctx, group); err != nil {
		return 0, fmt.Errorf("records that wait for group %s: %w", group, err)
	}
	return waiting, nil
}

// idle is ErrGroupActive as long as the group has members.
func (e *ensurer) idle(ctx context.Context, group string) error {
	groups, err := e.client.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{group}})
	if err != nil {
		return err
	}
	for _, g := range groups.Groups {
		if g.Error != nil && !errors.Is(g.Error, kafka.GroupIdNotFound) {
			return g.Error
		}
		if n := len(g.Members); n > 0 {
			return fmt.Errorf("%w: %d of them; one that has just been killed counts for some seconds more", ErrGroupActive, n)
		}
	}
	return nil
}

func (e *ensurer) waiting(ctx context.Context, group string) (waiting int64, err error) {
	committed, err := e.offsets(ctx, group)
	if err != nil {
		return 0, err
	}
	at := map[string]map[int]int64{}
	bounds := &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{}}
	for _, o := range committed {
		if o.Topic != topics.Touchpoints {
			continue
		}
		if at[o.Topic] == nil {
			at[o.Topic] = map[int]int64{}
		}
		at[o.Topic][o.Partition] = o.Offset
		bounds.Topics[o.Topic] = append(bounds.Topics[o.Topic], kafka.FirstOffsetOf(o.Partition), kafka.LastOffsetOf(o.Partition))
	}
	logs, err := e.client.ListOffsets(ctx, bounds)
	if err != nil {
		return 0, err
	}
	for topic, partitions := range logs.Topics {
		for _, p := range partitions {
			if p.Error != nil {
				return 0, fmt.Errorf("%s/%d: %w", topic, p.Partition, p.Error)
			}
			waiting += max(0, p.LastOffset-max(at[topic][p.Partition], p.FirstOffset))
		}
	}
	return waiting, nil
}

// Ends gives where the logs of touchpoints end now, by partition: what Missing counts up to.
func Ends(ctx context.Context, cfg Config) (map[int]int64, error) {
	e, stop := newEnsurer(cfg)
	defer stop()
	there, err := e.metadata(ctx, topics.Touchpoints)
	if err != nil {
		return nil, fmt.Errorf("ends of %s: %w", topics.Touchpoints, err)
	}
	bounds := &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{}}
	for _, p := range there.Partitions {
		bounds.Topics[topics.Touchpoints] = append(bounds.Topics[topics.Touchpoints], kafka.LastOffsetOf(p.ID))
	}
	logs, err := e.client.ListOffsets(ctx, bounds)
	if err != nil {
		return nil, fmt.Errorf("ends of %s: %w", topics.Touchpoints, err)
	}
	ends := map[int]int64{}
	for _, p := range logs.Topics[topics.Touchpoints] {
		if p.Error != nil {
			return nil, fmt.Errorf("end of %s/%d: %w", topics.Touchpoints, p.Partition, p.Error)
		}
		ends[p.Partition] = p.LastOffset
	}
	return ends, nil
}

// Missing counts the records of touchpoints before some ends that a group has not committed yet.
func Missing(ctx context.Context, cfg Config, group string, ends map[int]int64) (missing int64, err error) {
	all, err := Offsets(ctx, cfg, group)
	if err != nil {
		return 0, err
	}
	for _, o := range all {
		if o.Topic == topics.Touchpoints {
			missing += max(0, ends[o.Partition]-o.Offset)
		}
	}
	return missing, nil
}
