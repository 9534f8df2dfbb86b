package publish

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/rawproduce"
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
	clientID  string
	timeout   time.Duration
	transport *kafka.Transport
	client    *kafka.Client
	known     atomic.Pointer[[]int] // leader of each partition

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
		topic: cfg.Topic, clientID: cfg.ClientID, timeout: cfg.RequestTimeout, transport: transport,
		client: &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Transport: transport},
	}
}

// errNoAnswer means that a partition of a request is not in its answer.
var errNoAnswer = errors.New("no answer for the partition")

// produce sends the current batches of partitions that have one leader, waits for all in-sync replicas, and gives
// the outcome of each.
func (c *cluster) produce(ctx context.Context, parts []*partition) []error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	topic := rawproduce.RequestTopic{Topic: c.topic, Partitions: make([]rawproduce.RequestPartition, len(parts))}
	batches := make([][]byte, len(parts))
	for i, q := range parts {
		topic.Partitions[i].Partition, batches[i] = q.index, q.current.buf
	}
	req := &rawproduce.Request{Acks: -1, Timeout: int32(c.timeout.Milliseconds()), Topics: []rawproduce.RequestTopic{topic}}
	res, err := c.transport.RoundTrip(ctx, c.client.Addr, &exchange{Request: req, clientID: c.clientID, batches: batches})
	errs := make([]error, len(parts))
	for i, q := range parts {
		a, ok := res.(*answer)
		switch {
		case err != nil:
			errs[i] = err
		case !ok:
			errs[i] = errNoAnswer
		default:
			errs[i] = a.of(q.index)
		}
	}
	return errs
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

// leaders gives the broker id that leads each partition, -1 for none. It is remembered until forget.
func (c *cluster) leaders(ctx context.Context) ([]int, error) {
	if known := c.known.Load(); known != nil {
		return *known, nil
	}
	topic, err := c.describe(ctx)
	if err != nil {
		return nil, err
	}
	leaders := make([]int, len(topic.Partitions))
	for _, p := range topic.Partitions {
		if p.ID < 0 || p.ID >= len(leaders) {
			return nil, fmt.Errorf("metadata: partition %d of %d", p.ID, len(leaders))
		}
		leaders[p.ID] = -1
		if p.Error == nil && p.Leader.Host != "" {
			leaders[p.ID] = p.Leader.ID
		}
	}
	c.known.Store(&leaders)
	return leaders, nil
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
		c.known.Store(nil)
		c.transport.CloseIdleConnections()
	}
}
