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
	// Partitions of each keyed topic; the others have one. Inspect takes 0 for "as many as there are".
	Partitions int
	// Replication is the number of copies of each partition; 0 is one for each broker, at most three.
	Replication int
	// MinInsync is how many copies must have a record before it is acknowledged; 0 is one fewer than there are
	// copies, at least one.
	MinInsync int
	// Transport carries TLS and SASL; nil is plain text.
	Transport *kafka.Transport
}

// ErrPartitions means that a keyed topic exists with another number of partitions than the configuration asks for.
// Buckets live at bucket mod partitions, so neither side may change it silently.
var ErrPartitions = errors.New("number of partitions differs")

// firstWait is the pause after a first failure; it doubles.
const firstWait = 20 * time.Millisecond

// Ensure creates missing topics, alters settings that differ, and verifies the number of partitions.
// It retries while the cluster is still starting, until ctx ends. A wrong number of partitions is ErrPartitions.
func Ensure(ctx context.Context, cfg Config) error {
	if cfg.Partitions < 1 {
		return fmt.Errorf("ensure topics: partitions must be at least 1, not %d", cfg.Partitions)
	}
	if len(cfg.Brokers) == 0 {
		return errors.New("ensure topics: no broker addresses")
	}
	e, stop := newEnsurer(cfg)
	defer stop()
	for wait := firstWait; ; wait = min(2*wait, time.Second) {
		err := e.ensure(ctx)
		if err == nil || errors.Is(err, ErrPartitions) {
			return err
		}
		// The transport answers from the metadata it has; a fresh pool asks again.
		stop()
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

// newEnsurer gives one, and a function that closes its connections; it may be used again after that.
func newEnsurer(cfg Config) (*ensurer, func()) {
	transport := cfg.Transport
	if transport == nil {
		transport = &kafka.Transport{}
	}
	return &ensurer{cfg: cfg, client: &kafka.Client{
		Addr: kafka.TCP(cfg.Brokers...), Transport: transport, Timeout: 10 * time.Second,
	}}, transport.CloseIdleConnections
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
	brokers, err := e.brokers(ctx)
	if err != nil {
		return err
	}
	req := &kafka.CreateTopicsRequest{}
	for _, t := range topics.All() {
		c := kafka.TopicConfig{Topic: t.Name, NumPartitions: e.partitions(t), ReplicationFactor: e.cfg.replication(brokers)}
		for _, w := range e.cfg.wanted(t, brokers) {
			c.ConfigEntries = append(c.ConfigEntries, kafka.ConfigEntry{ConfigName: w.setting, ConfigValue: w.value})
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

// brokers counts the brokers that are there.
func (e *ensurer) brokers(ctx context.Context) (int, error) {
	res, err := e.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{}})
	if err != nil {
		return 0, fmt.Errorf("list of brokers: %w", err)
	}
	if len(res.Brokers) == 0 {
		return 0, errors.New("list of brokers: it is empty")
	}
	return len(res.Brokers), nil
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
		if got, want := len(res.Topics[0].Partitions), e.partitions(t); t.Keyed && got != want {
			return fmt.Errorf("topic %s has %d partitions, the configuration says %d: %w", t.Name, got, want, ErrPartitions)
		}
	}
	return nil
}
