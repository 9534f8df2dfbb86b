package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/processor/state"
	"github.com/throughline/throughline/schemas/topics"
)

// State compares a processor's state folder with the topic that it was made from: whether it can be read, counts for as many
// partitions, and stands at offsets that the topic has. It rests on the check named after.
func State(name, after, dir string, conn kafkaconn.Conn) Check {
	return Check{Name: name, After: after, Run: func(ctx context.Context) Finding {
		stored, err := state.Inspect(dir)
		switch {
		case errors.Is(err, state.ErrNone):
			return good("none in %s yet: a processor makes it, and restores it from ClickHouse", dir)
		case errors.Is(err, state.ErrInUse):
			return good("%s is in use by a processor", dir)
		case err != nil:
			return fail(err.Error(), "stop the processor and delete "+dir+": it is a cache, and is restored from ClickHouse")
		}
		return cluster{conn: conn}.asked(func(ctx context.Context, client *kafka.Client) Finding {
			return judgeState(ctx, client, dir, stored)
		})(ctx)
	}}
}

func judgeState(ctx context.Context, client *kafka.Client, dir string, stored map[int32]state.Applied) Finding {
	there, err := topic(ctx, client, topics.Touchpoints)
	if err != nil {
		return skip("%v", err)
	}
	ends, err := endsOf(ctx, client, there)
	if err != nil {
		return skip("ends of the logs: %v", err)
	}
	var p problems
	const elsewhere = "set THROUGHLINE_PROCESSOR_STATE_DIR to the folder of this cluster's processor, or delete the folder while it is stopped"
	counts, beyond := map[int32]bool{}, 0
	for partition, a := range stored {
		if int(a.Partitions) != len(there.Partitions) {
			counts[a.Partitions] = true
		} else if a.Offset > ends[int(partition)] {
			beyond++
		}
	}
	if len(counts) > 0 {
		p.warn(fmt.Sprintf("%s is for %s partitions, %s has %d: all of it will be restored from ClickHouse",
			dir, list(slices.Sorted(maps.Keys(counts))), there.Name, len(there.Partitions)),
			"nothing, when the topic has just grown; else "+elsewhere)
	}
	if beyond > 0 {
		p.warn(fmt.Sprintf("%s stands behind the end of %s in %s: it was made from another cluster, or the topic was made anew",
			dir, there.Name, many(beyond, "partition")), elsewhere)
	}
	return p.or(good("%s in %s, for %d partitions", many(len(stored), "partition"), dir, len(there.Partitions)))
}

func endsOf(ctx context.Context, client *kafka.Client, t kafka.Topic) (map[int]int64, error) {
	bounds := &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{}}
	for _, p := range t.Partitions {
		bounds.Topics[t.Name] = append(bounds.Topics[t.Name], kafka.LastOffsetOf(p.ID))
	}
	answer, err := client.ListOffsets(ctx, bounds)
	if err != nil {
		return nil, err
	}
	ends := map[int]int64{}
	for _, p := range answer.Topics[t.Name] {
		if p.Error != nil {
			return nil, p.Error
		}
		ends[p.Partition] = p.LastOffset
	}
	return ends, nil
}

func list[T any](of []T) string {
	texts := make([]string, len(of))
	for i, v := range of {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, ", ")
}
