package publish

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

// link is a network that can be cut.
type link struct{ cut atomic.Bool }

func (l *link) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if l.cut.Load() {
		return nil, errors.New("the link is cut")
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &linkConn{Conn: conn, link: l}, err
}

type linkConn struct {
	net.Conn
	link *link
}

func (c *linkConn) Write(b []byte) (int, error) {
	if c.link.cut.Load() {
		return 0, errors.New("the link is cut")
	}
	return c.Conn.Write(b)
}

func TestOutage(t *testing.T) {
	c := newKafka(t, 2)
	l := &link{}
	cfg := Config{
		Brokers: c.ListenAddrs(), Topic: topic,
		DeliveryTimeout: 150 * time.Millisecond, BreakAfter: 50 * time.Millisecond, RequestTimeout: time.Second,
	}
	p, err := New(cfg, Dependencies{Dial: l.dial})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer p.Close(context.Background())
	one := func(value string) error { return p.Publish(t.Context(), []Record{{Value: []byte(value)}}) }
	if err := one("before"); err != nil {
		t.Fatal(err)
	}
	l.cut.Store(true)
	if err := one("lost"); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("while away: %v", err)
	}
	if p.Available() {
		t.Error("the breaker is closed")
	}
	buffered := p.buffered.Load()
	if err := one("at once"); !errors.Is(err, ErrUnavailable) || buffered != 0 {
		t.Fatalf("while known to be away: %v, %d bytes buffered", err, buffered)
	}
	if err := p.Publish(t.Context(), []Record{{Partition: 1, Value: []byte("other")}}); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("other partition: %v", err)
	}
	l.cut.Store(false)
	for !p.Available() {
		time.Sleep(time.Millisecond)
	}
	if err := one("after"); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, c, 0); len(got) != 2 || got[1] != "after" {
		t.Errorf("log holds %q", got)
	}
}

func TestStartWhileTheBrokerIsAway(t *testing.T) {
	c := newKafka(t, 2)
	l := &link{}
	l.cut.Store(true)
	start := func(ctx context.Context, partitions int) (*Producer, error) {
		p, err := New(Config{Brokers: c.ListenAddrs(), Topic: topic, Partitions: partitions}, Dependencies{Dial: l.dial})
		if err != nil {
			t.Fatal(err)
		}
		return p, p.Start(ctx)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := start(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without a number of partitions: %v", err)
	}
	p, err := start(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close(context.Background())
	if err := p.Publish(t.Context(), []Record{{Value: []byte("v")}}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("while away: %v", err)
	}
	l.cut.Store(false)
	for !p.Available() {
		time.Sleep(time.Millisecond)
	}
	if err := p.Publish(t.Context(), []Record{{Partition: 1, Value: []byte("v")}}); err != nil {
		t.Error(err)
	}
	if _, err := start(t.Context(), 3); err == nil {
		t.Error("took another number of partitions than the topic has")
	}
}

// TestBackAfterTheTopicHasGrown: a producer keeps to the partitions that it began with.
func TestBackAfterTheTopicHasGrown(t *testing.T) {
	c := newKafka(t, 2)
	l := &link{}
	p, err := New(Config{Brokers: c.ListenAddrs(), Topic: topic, DeliveryTimeout: 150 * time.Millisecond, BreakAfter: 20 * time.Millisecond}, Dependencies{Dial: l.dial})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer p.Close(context.Background())
	client := &kafka.Client{Addr: kafka.TCP(c.ListenAddrs()...)}
	grown, err := client.CreatePartitions(t.Context(), &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: topic, Count: 4}}})
	if err != nil || grown.Errors[topic] != nil {
		t.Fatal(err, grown)
	}
	l.cut.Store(true)
	for p.Available() {
		_ = p.Publish(t.Context(), []Record{{Value: []byte("while away")}})
	}
	l.cut.Store(false)
	for deadline := time.Now().Add(20 * time.Second); !p.Available(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the partition is not found again")
		}
	}
	if err := p.Publish(t.Context(), []Record{{Partition: 1, Value: []byte("after")}}); err != nil {
		t.Error(err)
	}
}
