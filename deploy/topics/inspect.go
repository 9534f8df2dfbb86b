package topics

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/schemas/topics"
)

// Row is one thing about a topic: how it is and how it should be.
type Row struct {
	Topic  string `json:"topic"`
	What   string `json:"what"`
	Is     string `json:"is"`
	Should string `json:"should"`
	Good   bool   `json:"good"`
	// Why it matters and what to do; empty where it is good.
	Why  string `json:"why,omitempty"`
	ToDo string `json:"to_do,omitempty"`
}

// Inspect compares the topics of a cluster with what they should be, and changes nothing. It asks once: the error is that
// of a cluster that does not answer.
func Inspect(ctx context.Context, cfg Config) ([]Row, error) {
	if len(cfg.Brokers) == 0 {
		return nil, errors.New("inspect topics: no broker addresses")
	}
	e, stop := newEnsurer(cfg)
	defer stop()
	brokers, err := e.brokers(ctx)
	if err != nil {
		return nil, fmt.Errorf("inspect topics: %w", err)
	}
	i := inspector{ensurer: e, brokers: brokers}
	for _, t := range topics.All() {
		if err := i.topic(ctx, t); err != nil {
			return nil, fmt.Errorf("inspect topics: %w", err)
		}
	}
	return i.rows, nil
}

type inspector struct {
	*ensurer
	brokers int
	rows    []Row
}

const create = "throughline topics create"

func (i *inspector) row(t topics.Topic, what, is, should string, good bool, why, todo string) {
	r := Row{Topic: t.Name, What: what, Is: is, Should: should, Good: good}
	if !good {
		r.Why, r.ToDo = why, todo
	}
	i.rows = append(i.rows, r)
}

func (i *inspector) topic(ctx context.Context, t topics.Topic) error {
	there, err := i.metadata(ctx, t.Name)
	if errors.Is(err, kafka.UnknownTopicOrPartition) {
		i.row(t, "topic", "missing", "there", false, "nothing can be published", create)
		return nil
	}
	if err != nil {
		return err
	}
	i.partitionRow(t, len(there.Partitions))
	i.copies(t, there)
	current, err := i.describe(ctx, t)
	if err != nil {
		return err
	}
	for _, w := range i.cfg.wanted(t, i.brokers) {
		is, told := current[w.setting]
		if !told && w.optional {
			continue
		}
		i.row(t, w.setting, orNone(is), w.shown(), w.met(is), w.why, create)
	}
	return nil
}

func (e *ensurer) metadata(ctx context.Context, name string) (kafka.Topic, error) {
	res, err := e.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{name}})
	if err != nil {
		return kafka.Topic{}, fmt.Errorf("metadata of topic %s: %w", name, err)
	}
	for _, t := range res.Topics {
		switch {
		case t.Name == name && t.Error == nil && len(t.Partitions) > 0:
			return t, nil
		case t.Name == name && t.Error != nil:
			return t, fmt.Errorf("metadata of topic %s: %w", name, t.Error)
		}
	}
	return kafka.Topic{}, fmt.Errorf("metadata of topic %s: %w", name, kafka.UnknownTopicOrPartition)
}

// partitionRow compares the number of partitions; without a number in the configuration the first keyed topic sets it
// for the others.
func (i *inspector) partitionRow(t topics.Topic, is int) {
	if t.Keyed && i.cfg.Partitions == 0 {
		i.cfg.Partitions = is
	}
	should := i.partitions(t)
	todo := fmt.Sprintf("throughline topics grow --partitions %d explains how", should)
	if is > should {
		todo = fmt.Sprintf("partitions cannot be taken away: set THROUGHLINE_KAFKA_PARTITIONS=%d", is)
	}
	if !t.Keyed {
		i.row(t, "partitions", strconv.Itoa(is), "1 or more", true, "", "")
		return
	}
	i.row(t, "partitions", strconv.Itoa(is), strconv.Itoa(should), is == should,
		"a customer's touchpoints lie in the partition that their number gives", todo)
}

// copies looks at the partition with the fewest copies, and at leaders.
func (i *inspector) copies(t topics.Topic, there kafka.Topic) {
	fewest, leaderless := len(there.Partitions[0].Replicas), 0
	for _, p := range there.Partitions {
		fewest = min(fewest, len(p.Replicas))
		if p.Error != nil && !errors.Is(p.Error, kafka.ReplicaNotAvailable) || p.Leader.Host == "" {
			leaderless++
		}
	}
	should := i.cfg.replication(i.brokers)
	i.row(t, "copies", strconv.Itoa(fewest), strconv.Itoa(should), fewest >= should,
		"what lies on one broker only is gone with it", fmt.Sprintf("give %s more replicas: kafka-reassign-partitions.sh with %d each", t.Name, should))
	if leaderless > 0 {
		i.row(t, "leaders", fmt.Sprintf("%d of %d without", leaderless, len(there.Partitions)), "all", false,
			"these partitions take nothing", "start the brokers that hold them")
	}
}

func orNone(value string) string {
	if value == "" {
		return "not set"
	}
	return value
}

// shown is the value as it stands in a table.
func (w wanted) shown() string {
	if w.atLeast {
		return "≥ " + w.value
	}
	return w.value
}

// Partitions is how many partitions the first keyed topic has, 0 where it does not exist. It waits for a cluster that is
// starting, until ctx ends.
func Partitions(ctx context.Context, cfg Config) (int, error) {
	e, stop := newEnsurer(cfg)
	defer stop()
	for wait := firstWait; ; wait = min(2*wait, time.Second) {
		n, err := e.keyedPartitions(ctx)
		if err == nil {
			return n, nil
		}
		stop() // a fresh pool asks again
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("inspect topics: %w (last: %w)", ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

func (e *ensurer) keyedPartitions(ctx context.Context) (int, error) {
	for _, t := range topics.All() {
		if !t.Keyed {
			continue
		}
		there, err := e.metadata(ctx, t.Name)
		if errors.Is(err, kafka.UnknownTopicOrPartition) {
			continue
		}
		return len(there.Partitions), err
	}
	return 0, nil
}
