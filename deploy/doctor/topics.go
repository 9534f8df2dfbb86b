package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/deploy/kafkaconn"
	shapes "github.com/throughline/throughline/deploy/topics"
	"github.com/throughline/throughline/schemas/topics"
)

// topicsThere checks that every topic exists, that the keyed ones have the same number of partitions, and that each
// partition can be written to.
func topicsThere(ctx context.Context, client *kafka.Client) Finding {
	var p problems
	var found []string
	partitions := 0
	for _, t := range topics.All() {
		there, err := topic(ctx, client, t.Name)
		if err != nil {
			p.fail(err.Error(), "throughline topics create (throughline up does so by itself)")
			continue
		}
		n := len(there.Partitions)
		found = append(found, t.Name+" with "+many(n, "partition"))
		switch {
		case !t.Keyed:
		case partitions == 0:
			partitions = n
		case n != partitions:
			p.fail(fmt.Sprintf("%s has %d partitions, other topics of touchpoints have %d", t.Name, n, partitions),
				fmt.Sprintf("make their numbers equal: throughline topics grow --partitions %d explains how", max(n, partitions)))
		}
		health(&p, there)
	}
	return p.or(good("%s", strings.Join(found, ", ")))
}

// topic gives a topic's metadata.
func topic(ctx context.Context, client *kafka.Client, name string) (kafka.Topic, error) {
	meta, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{name}})
	if err != nil {
		return kafka.Topic{}, fmt.Errorf("topic %s: %w", name, err)
	}
	for _, t := range meta.Topics {
		if t.Name == name && t.Error == nil && len(t.Partitions) > 0 {
			return t, nil
		}
	}
	return kafka.Topic{}, fmt.Errorf("topic %s does not exist", name)
}

// health looks at leaders and copies.
func health(p *problems, t kafka.Topic) {
	leaderless, lagging := 0, 0
	for _, partition := range t.Partitions {
		if partition.Error != nil || partition.Leader.Host == "" {
			leaderless++
		}
		if len(partition.Isr) < len(partition.Replicas) {
			lagging++
		}
	}
	if leaderless > 0 {
		p.fail(fmt.Sprintf("%d of %d partitions of %s have no leader", leaderless, len(t.Partitions), t.Name), "start the brokers that hold them")
	}
	if lagging > 0 {
		p.warn(fmt.Sprintf("%d of %d partitions of %s have copies that are behind", lagging, len(t.Partitions), t.Name), "see whether a broker is down")
	}
}

// vital are the differences by which touchpoints are lost or refused.
var vital = []string{"topic", "partitions", "leaders", "cleanup.policy", "max.message.bytes", "min.insync.replicas", "unclean.leader.election.enable"}

// topicSettings compares each topic with how it should be.
func topicSettings(ctx context.Context, conn kafkaconn.Conn, shape shapes.Config) Finding {
	shape.Brokers, shape.Transport = conn.Brokers, conn.Transport(2*time.Second)
	rows, err := shapes.Inspect(ctx, shape)
	if err != nil {
		return skip("the settings of the topics cannot be read: %v", err)
	}
	var p problems
	for _, r := range rows {
		if r.Good {
			continue
		}
		complain := p.warn
		if slices.Contains(vital, r.What) {
			complain = p.fail
		}
		complain(fmt.Sprintf("%s has %s %s, not %s: %s", r.Topic, r.What, r.Is, r.Should, r.Why), r.ToDo)
	}
	f := p.or(good("as they should be"))
	f.ToDo = slices.Compact(f.ToDo) // one command mends several
	return f
}
