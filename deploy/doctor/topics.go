package doctor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/segmentio/kafka-go"

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
			p.fail(err.Error(), "create it: throughline up does so by itself; elsewhere: "+creation(t))
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
				"make their numbers equal before anything is written: kafka-topics.sh --alter --topic "+t.Name+" --partitions N")
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

// vital settings lose touchpoints, or have batches refused, when they differ.
var vital = []string{"cleanup.policy", "max.message.bytes"}

// topicSettings compares each topic's settings with those it should have.
func topicSettings(ctx context.Context, client *kafka.Client) Finding {
	var p problems
	for _, t := range topics.All() {
		current, err := describe(ctx, client, kafka.ResourceTypeTopic, t.Name)
		if err != nil {
			return skip("the settings of %s cannot be read: %v", t.Name, err)
		}
		differ := &problems{}
		for _, name := range slices.Sorted(maps.Keys(t.Settings)) {
			want, got := t.Settings[name], current[name]
			detail := fmt.Sprintf("%s has %s=%s, not %s", t.Name, name, got, want)
			switch {
			case got == want:
			case slices.Contains(vital, name):
				differ.fail(detail)
			default:
				differ.warn(detail)
			}
		}
		alter := "kafka-configs.sh --alter --entity-type topics --entity-name " + t.Name + " --add-config " + pairs(t.Settings, ",")
		switch detail := strings.Join(differ.details, "; "); {
		case differ.verdict == Fail:
			p.fail(detail, alter)
		case detail != "":
			p.warn(detail, alter)
		}
	}
	return p.or(good("as they should be"))
}

func creation(t topics.Topic) string {
	partitions := "1"
	if t.Keyed {
		partitions = "N (fixed from then on)"
	}
	return fmt.Sprintf("kafka-topics.sh --create --topic %s --partitions %s --config %s", t.Name, partitions, pairs(t.Settings, " --config "))
}

func pairs(settings map[string]string, between string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		all = append(all, name+"="+settings[name])
	}
	return strings.Join(all, between)
}
