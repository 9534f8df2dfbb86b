package topics

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/schemas/topics"
)

// ErrShrink means that a topic has more partitions than it is to have: Kafka takes none away.
var ErrShrink = errors.New("a topic's partitions cannot be taken away")

// Grow gives every keyed topic so many partitions, and tells how many each had. Topics that have them are left alone. It
// changes all or, where one of them has more or is missing, none.
func Grow(ctx context.Context, cfg Config, partitions int) (before map[string]int, err error) {
	e, stop := newEnsurer(cfg)
	defer stop()
	before = map[string]int{}
	req := &kafka.CreatePartitionsRequest{}
	for _, t := range topics.All() {
		if !t.Keyed {
			continue
		}
		there, err := e.metadata(ctx, t.Name)
		if err != nil {
			return nil, fmt.Errorf("grow topics: %w", err)
		}
		is := len(there.Partitions)
		before[t.Name] = is
		if is > partitions {
			return nil, fmt.Errorf("grow topics: %s has %d partitions, more than %d: %w", t.Name, is, partitions, ErrShrink)
		}
		if is < partitions {
			req.Topics = append(req.Topics, kafka.TopicPartitionsConfig{Name: t.Name, Count: int32(partitions)})
		}
	}
	if len(req.Topics) == 0 {
		return before, nil
	}
	res, err := e.client.CreatePartitions(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("grow topics: %w", err)
	}
	for name, err := range res.Errors {
		if err != nil {
			return nil, fmt.Errorf("grow topic %s: %w", name, err)
		}
	}
	return before, nil
}
