package kafka

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/collector/publish"
	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/tests/kafka/cluster"
)

// values gives those of a partition in the order of the log.
func values(t *testing.T, cfg kafkaconn.Config, topic string, partition int) (all []string) {
	t.Helper()
	conn, err := cfg.Open()
	must(t, err)
	f := consume.NewFetcher(consume.Config{Brokers: conn.Brokers, TLS: conn.TLS, SASL: conn.SASL})
	defer f.Close()
	first, end, err := f.Bounds(t.Context(), topic, partition)
	must(t, err)
	for offset := first; offset < end; {
		got, err := f.Fetch(t.Context(), topic, partition, offset)
		must(t, err)
		for _, r := range got.Records {
			all = append(all, string(r.Value))
		}
		offset = got.Next
	}
	return all
}

// wantOnce wants every acknowledged value in the log exactly once, and those of each writer in their order.
func wantOnce(t *testing.T, cfg kafkaconn.Config, topic string, partitions, writers, each int) {
	t.Helper()
	seen := map[string]int{}
	for partition := range partitions {
		last := map[string]string{}
		for _, v := range values(t, cfg, topic, partition) {
			seen[v]++
			if writer := v[:2]; v <= last[writer] {
				t.Errorf("partition %d: %s after %s", partition, v, last[writer])
			} else {
				last[writer] = v
			}
		}
	}
	if len(seen) != writers*each {
		t.Errorf("%d values in the log, %d acknowledged", len(seen), writers*each)
	}
	for v, n := range seen {
		if n != 1 {
			t.Errorf("%s is in the log %d times", v, n)
		}
	}
}

// publishAll lets writers publish side by side; every record must be acknowledged. Between their records they call
// meanwhile.
func publishAll(t *testing.T, p *publish.Producer, writers, each int, meanwhile func(n int)) {
	t.Helper()
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for i := range each {
				value := fmt.Sprintf("%02d/%06d", w, i)
				record := publish.Record{Partition: int32((w + i) % p.Partitions()), Key: []byte{0, byte(w)}, Value: []byte(value)}
				if err := p.Publish(t.Context(), []publish.Record{record}); err != nil {
					t.Errorf("publish %s: %v", value, err)
					return
				}
				if w == 0 {
					meanwhile(i)
				}
			}
		})
	}
	work.Wait()
}

func newProducer(t *testing.T, cfg kafkaconn.Config, topic string, deps publish.Dependencies) *publish.Producer {
	t.Helper()
	conn, err := cfg.Open()
	must(t, err)
	p, err := publish.New(publish.Config{
		Brokers: conn.Brokers, Topic: topic, TLS: conn.TLS, SASL: conn.SASL,
		// Patient: no batch is given up, so that the broker alone must keep repeated batches apart.
		DeliveryTimeout: time.Minute, BreakAfter: time.Minute,
	}, deps)
	must(t, err)
	must(t, p.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		must(t, p.Close(ctx))
	})
	return p
}

// TestLostAnswers loses every fifth answer to a produce request after the broker has written the batch. The producer sends the same
// batch again, and the log has it once.
func TestLostAnswers(t *testing.T) {
	single.need(t)
	const topic, partitions, writers, each = "lost-answers", 3, 4, 150
	createTopic(t, clientOf(t, single.conn()), kafka.TopicConfig{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1})
	proxy := newForgetful(t, 5)
	p := newProducer(t, single.conn(), topic, publish.Dependencies{Dial: proxy.dial})
	publishAll(t, p, writers, each, func(int) {})
	wantOnce(t, single.conn(), topic, partitions, writers, each)
	if proxy.losses() < 10 {
		t.Errorf("only %d answers were lost: nothing was tried", proxy.losses())
	}
	t.Logf("%d answers lost, %d records once each", proxy.losses(), writers*each)
}

// TestLeadersChange kills the leader of the first partition with kill -9 while records flow in, starts it again, and kills the next
// leader, through TLS and SASL. Every acknowledged record is in the log once.
func TestLeadersChange(t *testing.T) {
	c := triple.need(t)
	const topic, partitions, writers, each = "leaders-change", 3, 4, 400
	client := clientOf(t, triple.conn())
	createTopic(t, client, kafka.TopicConfig{Topic: topic, NumPartitions: partitions, ReplicationFactor: 3})
	p := newProducer(t, triple.conn(), topic, publish.Dependencies{})
	killed := map[int]bool{}
	publishAll(t, p, writers, each, func(n int) {
		if n == each/4 || n == each*3/4 {
			b := leader(t, c, client, topic)
			b.Kill()
			killed[b.ID] = true
		}
		if n == each/2 {
			ctx, cancel := context.WithTimeout(t.Context(), startLimit)
			defer cancel()
			must(t, c.Start(ctx))
			waitInSync(t, client, topic, 3)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	must(t, c.Start(ctx))
	waitInSync(t, client, topic, 3)
	wantOnce(t, triple.conn(), topic, partitions, writers, each)
	t.Logf("killed the leaders %v", killed)
}

// leader finds the broker that leads the first partition.
func leader(t *testing.T, c *cluster.Cluster, client *kafka.Client, topic string) *cluster.Broker {
	t.Helper()
	client.Transport.(*kafka.Transport).CloseIdleConnections()
	meta, err := client.Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		t.Error(err) // not Fatal: a writer calls this
		return c.Brokers[0]
	}
	for _, partition := range meta.Topics[0].Partitions {
		for _, b := range c.Brokers {
			if partition.ID == 0 && partition.Leader.ID == b.ID {
				return b
			}
		}
	}
	t.Errorf("no leader of %s/0", topic)
	return c.Brokers[0]
}
