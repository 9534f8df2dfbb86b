// Package consume takes topics of a Kafka cluster and gives their records, partition by partition, under consumer-group
// generations whose commits are fenced.
package consume

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
)

// Config says where to consume from.
type Config struct {
	Brokers []string
	Group   string
	Topics  []string
	// A member that is silent this long is dead to the group. Heartbeats go at a third of it, or each two seconds.
	SessionTimeout time.Duration
	TLS            *tls.Config
	SASL           sasl.Mechanism
}

// None is the committed offset of a partition for which nothing was ever committed.
const None = kafka.FirstOffset

// Partition is one assigned partition and what the group has committed for it: the next offset, or None.
type Partition struct {
	Topic     string
	ID        int
	Committed int64
}

// Generation is one assignment of partitions to this member. It ends as a whole.
type Generation struct {
	Partitions []Partition
	commit     func(map[string]map[int]int64) error
}

// ErrFenced says that the group has moved on without this member.
var ErrFenced = errors.New("consume: others own the partitions now")

// Commit commits the next offsets, by topic and partition. It fails with ErrFenced once the group has moved on without this
// member, so that a member that was taken for dead cannot turn the group back. Other errors may pass.
func (g *Generation) Commit(offsets map[string]map[int]int64) error {
	err := g.commit(offsets)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kafka.UnknownMemberId), errors.Is(err, kafka.IllegalGeneration), errors.Is(err, kafka.FencedInstanceID):
		return fmt.Errorf("commit offsets: %w: %w", ErrFenced, err)
	}
	return fmt.Errorf("commit offsets: %w", err)
}

// Group is a member of a consumer group.
type Group struct {
	cfg    Config
	logger *slog.Logger
}

// NewGroup makes a member; it joins in Run.
func NewGroup(cfg Config, logger *slog.Logger) *Group {
	return &Group{cfg: cfg, logger: logger}
}

// Run joins the group and calls own for each generation, one after another, until ctx is done; then it leaves the
// group. The context given to own is done when the generation ends or ctx is; own has a third of the session timeout
// to return after that. When own fails, the member leaves and joins again after a pause.
func (g *Group) Run(ctx context.Context, own func(context.Context, *Generation) error) error {
	group, err := kafka.NewConsumerGroup(g.kafkaConfig())
	if err != nil {
		return fmt.Errorf("consumer group %s: %w", g.cfg.Group, err)
	}
	defer group.Close()
	for ctx.Err() == nil {
		gen, err := group.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			// Coordinators of a fresh cluster answer so for some seconds; the group retries on its own.
			g.logger.Warn("joining the consumer group", "group", g.cfg.Group, "error", err)
			pause(ctx, time.Second)
			continue
		}
		g.generation(ctx, gen, own)
	}
	return nil
}

func (g *Group) generation(ctx context.Context, gen *kafka.Generation, own func(context.Context, *Generation) error) {
	done := make(chan struct{})
	gen.Start(func(ends context.Context) {
		defer close(done)
		owned, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(ends, cancel)()
		err := own(owned, &Generation{Partitions: partitions(gen), commit: gen.CommitOffsets})
		if err != nil && !errors.Is(err, context.Canceled) {
			g.logger.Error("generation given up", "group", g.cfg.Group, "generation", gen.ID, "error", err)
			pause(owned, time.Second)
		}
	})
	<-done
}

func partitions(gen *kafka.Generation) (out []Partition) {
	for topic, assigned := range gen.Assignments {
		for _, a := range assigned {
			out = append(out, Partition{Topic: topic, ID: a.ID, Committed: a.Offset})
		}
	}
	return out
}

func (g *Group) kafkaConfig() kafka.ConsumerGroupConfig {
	return kafka.ConsumerGroupConfig{
		ID: g.cfg.Group, Brokers: g.cfg.Brokers, Topics: g.cfg.Topics,
		Dialer:                &kafka.Dialer{Timeout: 5 * time.Second, DualStack: true, TLS: g.cfg.TLS, SASLMechanism: g.cfg.SASL},
		SessionTimeout:        g.cfg.SessionTimeout,
		RebalanceTimeout:      g.cfg.SessionTimeout,
		HeartbeatInterval:     min(g.cfg.SessionTimeout/3, longestHeartbeat),
		JoinGroupBackoff:      time.Second,
		WatchPartitionChanges: true,
		// Nothing is lost before the first commit.
		StartOffset: kafka.FirstOffset,
	}
}

// longestHeartbeat bounds how late a member hears that the partitions of a dead one are to be shared out.
const longestHeartbeat = 2 * time.Second

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
