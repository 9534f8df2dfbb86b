package topics

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/schemas/topics"
)

// Offset is how far a consumer group has come in one partition: the offset of the next record that it reads.
type Offset struct {
	Topic     string
	Partition int
	Offset    int64
}

// ErrGroupActive means that a consumer group still has members; its offsets are theirs to set.
var ErrGroupActive = errors.New("processors are in the group")

// Offsets gives how far a group has come in the pipeline's topics, by topic and partition. Where it has committed nothing the
// offset is 0.
func Offsets(ctx context.Context, cfg Config, group string) ([]Offset, error) {
	e, stop := newEnsurer(cfg)
	defer stop()
	all, err := e.offsets(ctx, group)
	if err != nil {
		return nil, fmt.Errorf("offsets of group %s: %w", group, err)
	}
	return all, nil
}

func (e *ensurer) offsets(ctx context.Context, group string) (all []Offset, err error) {
	asked := map[string][]int{}
	for _, t := range topics.All() {
		there, err := e.metadata(ctx, t.Name)
		if err != nil {
			return nil, err
		}
		for _, p := range there.Partitions {
			asked[t.Name] = append(asked[t.Name], p.ID)
		}
	}
	answer, err := e.client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: asked})
	if err == nil && !errors.Is(answer.Error, kafka.GroupIdNotFound) { // nobody has committed yet
		err = answer.Error
	}
	if err != nil {
		return nil, err
	}
	for topic, ids := range asked {
		for _, id := range ids {
			all = append(all, Offset{Topic: topic, Partition: id, Offset: committedIn(answer.Topics[topic], id)})
		}
	}
	slices.SortFunc(all, func(a, b Offset) int {
		if c := strings.Compare(a.Topic, b.Topic); c != 0 {
			return c
		}
		return a.Partition - b.Partition
	})
	return all, nil
}

func committedIn(partitions []kafka.OffsetFetchPartition, id int) int64 {
	for _, p := range partitions {
		if p.Partition == id && p.Error == nil {
			return max(0, p.CommittedOffset)
		}
	}
	return 0
}

// SetOffsets commits offsets for a group that has no members, so that its next members go on from there. Partitions that are not
// named begin at 0, which is where their log begins; ones that do not exist are an error. It is ErrGroupActive as long as
// there are members.
func SetOffsets(ctx context.Context, cfg Config, group string, to []Offset) error {
	e, stop := newEnsurer(cfg)
	defer stop()
	if err := e.setOffsets(ctx, group, to); err != nil {
		return fmt.Errorf("set offsets of group %s: %w", group, err)
	}
	return nil
}

func (e *ensurer) setOffsets(ctx context.Context, group string, to []Offset) error {
	if err := e.idle(ctx, group); err != nil {
		return err
	}
	all, err := e.offsets(ctx, group)
	if err != nil {
		return err
	}
	commits, err := replaced(all, to)
	if err != nil {
		return err
	}
	answer, err := e.client.OffsetCommit(ctx, &kafka.OffsetCommitRequest{GroupID: group, GenerationID: -1, Topics: commits})
	if err != nil {
		return err
	}
	for topic, partitions := range answer.Topics {
		for _, p := range partitions {
			if p.Error != nil {
				return fmt.Errorf("%s/%d: %w", topic, p.Partition, p.Error)
			}
		}
	}
	return nil
}

// replaced gives every partition that is there its new offset.
func replaced(there, to []Offset) (map[string][]kafka.OffsetCommit, error) {
	wanted := map[Offset]int64{}
	for _, o := range to {
		wanted[Offset{Topic: o.Topic, Partition: o.Partition}] = o.Offset
	}
	commits := map[string][]kafka.OffsetCommit{}
	for _, o := range there {
		key := Offset{Topic: o.Topic, Partition: o.Partition}
		commits[o.Topic] = append(commits[o.Topic], kafka.OffsetCommit{Partition: o.Partition, Offset: wanted[key]})
		delete(wanted, key)
	}
	for o := range wanted {
		return nil, fmt.Errorf("there is no %s/%d: %w", o.Topic, o.Partition, kafka.UnknownTopicOrPartition)
	}
	return commits, nil
}
