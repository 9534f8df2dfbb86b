package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// session is a producer id and epoch. The zero value is none.
type session struct {
	id    int64
	epoch int16
	valid bool
}

// cluster is the connection pool to the brokers, with the three requests a producer needs.
type cluster struct {
	topic     string
	timeout   time.Duration
	transport *kafka.Transport
	client    *kafka.Client

	mu struct {
		sync.Mutex
		reset time.Time // when connections were last dropped
	}
}

// metadataTTL is long because a stale leader announces itself with an error, and then the pool is dropped.
const metadataTTL = 15 * time.Second

func newCluster(cfg Config, deps Dependencies) *cluster {
	transport := &kafka.Transport{
		Dial: deps.Dial, ClientID: cfg.ClientID, TLS: cfg.TLS, SASL: cfg.SASL,
		DialTimeout: cfg.RequestTimeout, IdleTimeout: 5 * time.Minute,
		MetadataTTL: metadataTTL, MetadataTopics: []string{cfg.Topic},
	}
	return &cluster{
		topic: cfg.Topic, timeout: cfg.RequestTimeout, transport: transport,
		client: &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Transport: transport},
	}
}

// produce sends one sealed batch and waits for all replicas that are in sync.
func (c *cluster) produce(ctx context.Context, partition int32, batch []byte) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	res, err := c.client.RawProduce(ctx, &kafka.RawProduceRequest{
		Topic: c.topic, Partition: int(partition), RequiredAcks: kafka.RequireAll,
		RawRecords: protocol.RawRecordSet{Reader: bytes.NewReader(batch)},
	})
	if err != nil {
		return err
	}
	return res.Error
}

// newSession asks for a producer id. A cluster that is starting answers with an error inside the response and
// producer id 0; using that id would silently switch idempotence off.
func (c *cluster) newSession(ctx context.Context) (session, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	res, err := c.client.InitProducerID(ctx, &kafka.InitProducerIDRequest{ProducerID: -1, ProducerEpoch: -1})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return session{}, fmt.Errorf("producer id: %w", err)
	}
	return session{id: int64(res.Producer.ProducerID), epoch: int16(res.Producer.ProducerEpoch), valid: true}, nil
}

var errNoLeader = errors.New("partition has no leader")

// partitions is the number of partitions of the topic.
func (c *cluster) partitions(ctx context.Context) (int, error) {
	topic, err := c.describe(ctx)
	return len(topic.Partitions), err
}

// reachable is nil when the partition has a leader.
func (c *cluster) reachable(ctx context.Context, partition int32) error {
	topic, err := c.describe(ctx)
	if err != nil {
		return err
	}
	for _, p := range topic.Partitions {
		if int32(p.ID) == partition && p.Error == nil && p.Leader.Host != "" {
			return nil
		}
	}
	return errNoLeader
}

func (c *cluster) describe(ctx context.Context) (kafka.Topic, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	res, err := c.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{c.topic}})
	if err != nil {
		return kafka.Topic{}, fmt.Errorf("metadata: %w", err)
	}
	if len(res.Topics) != 1 {
		return kafka.Topic{}, fmt.Errorf("metadata: %d topics", len(res.Topics))
	}
	if err := res.Topics[0].Error; err != nil {
		return kafka.Topic{}, fmt.Errorf("metadata of topic %s: %w", c.topic, err)
	}
	return res.Topics[0], nil
}

// forget drops idle connections and the cached layout, so that the next request finds the leader anew: the transport
// has no other way to refresh at once. Requests under way are not disturbed. At most ten times a second.
func (c *cluster) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.mu.reset) > 100*time.Millisecond {
		c.mu.reset = now
		c.transport.CloseIdleConnections()
	}
}
