// Package topics takes the addresses of a Kafka cluster and gives one that has the pipeline's topics: those that
// are missing are created, those that exist are checked, and settings that differ are put right.
package topics

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/schemas/topics"
)

// Config says which cluster, and the shape of topics that do not exist yet.
type Config struct {
	// Brokers are host:port addresses.
	Brokers []string
	// Partitions of each keyed topic; the others have one.
	Partitions int
	// Replication is the number of copies of each partition; 0 leaves it to the broker.
	Replication int
	// Transport carries TLS and SASL; nil is plain text.
	Transport *kafka.Transport
}

// ErrPartitions means that a keyed topic exists with another number of partitions than the configuration asks for.
// Buckets live at bucket mod partitions, so neither side may change it silently.
var ErrPartitions = errors.New("number of partitions differs")

// Ensure creates missing topics, alters settings that differ, and verifies the number of partitions.
// It retries while the cluster is still starting, until ctx ends. A wrong number of partitions is ErrPartitions.
func Ensure(ctx context.Context, cfg Config) error {
	if cfg.Partitions < 1 {
		return fmt.Errorf("ensure topics: partitions must be at least 1, not %d", cfg.Partitions)
	}
	if len(cfg.Brokers) == 0 {
		return errors.New("ensure topics: no broker addresses")
	}
	transport := cfg.Transport
	if transport == nil {
		transport = &kafka.Transport{}
	}
	defer transport.CloseIdleConnections()
	e := ensurer{cfg: cfg, client: &kafka.Client{
		Addr: kafka.TCP(cfg.Brokers...), Transport: transport, Timeout: 10 * time.Second,
	}}
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := e.ensure(ctx)
		if err == nil || errors.Is(err, ErrPartitions) {
			return err
		}
		// The transport answers from the metadata it has; a fresh pool asks again.
		transport.CloseIdleConnections()
		select {
		case <-ctx.Done():
			return fmt.Errorf("ensure topics: %w (last: %w)", ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

type ensurer struct {
	cfg    Config
	client *kafka.Client
}

func (e *ensurer) ensure(ctx context.Context) error {
	if err := e.create(ctx); err != nil {
		return err
	}
	if err := e.verify(ctx); err != nil {
		return err
	}
	return e.configure(ctx)
}

func (e *ensurer) partitions(t topics.Topic) int {
	if t.Keyed {
		return e.cfg.Partitions
	}
	return 1
}

func (e *ensurer) create(ctx context.Context) error {
	req := &kafka.CreateTopicsRequest{}
	replication := e.cfg.Replication
	if replication == 0 {
		replication = -1
	}
	for _, t := range topics.All() {
		c := kafka.TopicConfig{Topic: t.Name, NumPartitions: e.partitions(t), ReplicationFactor: replication}
		for name, value := range t.Settings {
			c.ConfigEntries = append(c.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
		}
		req.Topics = append(req.Topics, c)
	}
	res, err := e.client.CreateTopics(ctx, req)
	if err != nil {
		return fmt.Errorf("create topics: %w", err)
	}
	for name, err := range res.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return fmt.Errorf("create topic %s: %w", name, err)
		}
	}
	return nil
}

func (e *ensurer) verify(ctx context.Context) error {
	for _, t := range topics.All() {
		res, err := e.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{t.Name}})
		if err != nil {
			return fmt.Errorf("metadata of topic %s: %w", t.Name, err)
		}
		if len(res.Topics) != 1 || res.Topics[0].Error != nil {
			return fmt.Errorf("topic %s is not there yet", t.Name)
		}
		if got, want := len(res.Topics[0].Partitions), e.partitions(t); got != want {
			return fmt.Errorf("topic %s has %d partitions, the configuration says %d: %w", t.Name, got, want, ErrPartitions)
		}
	}
	return nil
}
