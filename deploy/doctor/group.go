package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/schemas/topics"
)

// behind is the number of waiting records from which a lag is worth a word: some seconds of one processor's work.
const behind = 200_000

// groupLag compares what the processors have committed with the ends of the topics.
func (k cluster) groupLag(ctx context.Context, client *kafka.Client) Finding {
	var p problems
	members, state, err := groupMembers(ctx, client, k.group)
	if err != nil {
		return fail(fmt.Sprintf("group %s: %v", k.group, err), "see the broker's log")
	}
	lag, lost, err := waiting(ctx, client, k.group)
	if err != nil {
		return fail(fmt.Sprintf("offsets of group %s: %v", k.group, err), "see the broker's log")
	}
	if lost > 0 {
		p.fail(fmt.Sprintf("retention has removed %s that no processor had read", many(lost, "record")),
			"add processors, or raise retention.ms of the topics; what was removed is lost to the tables")
	}
	detail := fmt.Sprintf("%s in group %s; waiting: %s", many(members, "processor"), k.group, many(lag, "record"))
	if members == 0 {
		p.fail(fmt.Sprintf("no processor is in group %s (%s); waiting: %s", k.group, state, many(lag, "record")),
			"start it: throughline up, or throughline processor")
	} else if n, err := partitionsOf(ctx, client); err == nil && members > n {
		p.warn(fmt.Sprintf("%s in group %s, but %s has %s: the others stand idle", many(members, "processor"), k.group, topics.Touchpoints, many(n, "partition")),
			fmt.Sprintf("stop the processors that are too many, or give the topic more partitions: throughline topics grow --partitions %d explains how", 2*members))
	} else if lag > behind {
		p.warn(detail,
			"run this again: when the number grows, add processors (up to one a partition), or see ClickHouse's load")
	}
	return p.or(good("%s", detail))
}

func partitionsOf(ctx context.Context, client *kafka.Client) (int, error) {
	t, err := topic(ctx, client, topics.Touchpoints)
	return len(t.Partitions), err
}

func groupMembers(ctx context.Context, client *kafka.Client, group string) (members int, state string, err error) {
	answer, err := client.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{group}})
	if err != nil {
		return 0, "", err
	}
	for _, g := range answer.Groups {
		if g.Error != nil {
			return 0, "", g.Error
		}
		members, state = len(g.Members), g.GroupState
	}
	return members, state, nil
}

// waiting counts the records between what is committed and the end of the logs, and those that were committed by nobody
// and are no longer in a log.
func waiting(ctx context.Context, client *kafka.Client, group string) (lag, lost int64, err error) {
	fetch := &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{}}
	bounds := &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{}}
	for _, t := range topics.All() {
		there, err := topic(ctx, client, t.Name)
		if err != nil {
			return 0, 0, err
		}
		for _, p := range there.Partitions {
			fetch.Topics[t.Name] = append(fetch.Topics[t.Name], p.ID)
			bounds.Topics[t.Name] = append(bounds.Topics[t.Name], kafka.FirstOffsetOf(p.ID), kafka.LastOffsetOf(p.ID))
		}
	}
	committed, err := client.OffsetFetch(ctx, fetch)
	if err == nil && !errors.Is(committed.Error, kafka.GroupIdNotFound) { // nobody has committed yet
		err = committed.Error
	}
	if err != nil {
		return 0, 0, fmt.Errorf("committed offsets: %w", err)
	}
	logs, err := client.ListOffsets(ctx, bounds)
	if err != nil {
		return 0, 0, fmt.Errorf("ends of the logs: %w", err)
	}
	for name, partitions := range logs.Topics {
		for _, p := range partitions {
			if p.Error != nil {
				return 0, 0, fmt.Errorf("ends of %s/%d: %w", name, p.Partition, p.Error)
			}
			at := committedOf(committed.Topics[name], p.Partition)
			// Nothing is committed before the first flush; what came before the log's start then is not known to be lost.
			if at >= 0 && at < p.FirstOffset {
				lost += p.FirstOffset - at
			}
			lag += max(0, p.LastOffset-max(at, p.FirstOffset))
		}
	}
	return lag, lost, nil
}

func committedOf(partitions []kafka.OffsetFetchPartition, id int) int64 {
	for _, p := range partitions {
		if p.Partition == id && p.Error == nil {
			return p.CommittedOffset
		}
	}
	return -1
}

// GroupElsewhere tells for Ready whether processors are members of the group, wherever they run.
func GroupElsewhere(conn kafkaconn.Conn, group string) func(context.Context) string {
	k := cluster{conn: conn, group: group}
	return func(ctx context.Context) (where string) {
		k.asked(func(ctx context.Context, client *kafka.Client) Finding {
			if members, _, err := groupMembers(ctx, client, group); err == nil && members > 0 {
				where = fmt.Sprintf("it runs within 'up' or elsewhere: %d in group %s", members, group)
			}
			return Finding{}
		})(ctx)
		return where
	}
}
