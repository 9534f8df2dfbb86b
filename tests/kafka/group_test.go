package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/tests/harness"
)

// TestCommitsAreFenced lets a member of the group sleep past its session. Another one takes its partitions over and commits; when
// the first wakes and commits what it had, the broker refuses, and the group stays where it was.
func TestCommitsAreFenced(t *testing.T) {
	single.need(t)
	const topic, group = "fenced", "fenced"
	client := clientOf(t, single.conn())
	createTopic(t, client, kafka.TopicConfig{Topic: topic, NumPartitions: 2, ReplicationFactor: 1})
	conn, err := single.conn().Open()
	must(t, err)
	cfg := consume.Config{Brokers: conn.Brokers, Group: group, Topics: []string{topic}, SessionTimeout: 6 * time.Second}
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	member := func(own func(context.Context, *consume.Generation) error) {
		work.Go(func() {
			if err := consume.NewGroup(cfg, slog.New(slog.DiscardHandler)).Run(ctx, own); err != nil {
				t.Error(err)
			}
		})
	}
	at := func(offset int64) map[string]map[int]int64 {
		return map[string]map[int]int64{topic: {0: offset, 1: offset}}
	}

	asleep, wake, late := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var once sync.Once
	member(func(ctx context.Context, gen *consume.Generation) error {
		once.Do(func() {
			must(t, gen.Commit(at(10)))
			close(asleep)
			<-wake // whatever the group says
			late <- gen.Commit(at(20))
		})
		<-ctx.Done()
		return nil
	})
	<-asleep
	taken := make(chan struct{}, 1)
	member(func(ctx context.Context, gen *consume.Generation) error {
		if len(gen.Partitions) == 2 && gen.Commit(at(50)) == nil {
			select {
			case taken <- struct{}{}:
			default:
			}
		}
		<-ctx.Done()
		return nil
	})
	select {
	case <-taken:
	case <-ctx.Done():
		t.Fatal("nobody took the partitions over")
	}
	close(wake)
	if err := <-late; err == nil {
		t.Error("the commit of a member that was taken for dead was accepted")
	} else {
		t.Logf("refused: %v", err)
	}
	committed, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: {0, 1}}})
	must(t, err)
	for _, p := range committed.Topics[topic] {
		if p.CommittedOffset != 50 {
			t.Errorf("partition %d is committed at %d, want 50", p.Partition, p.CommittedOffset)
		}
	}
}

// TestGroupsOfAFreshBroker joins a group on a broker whose coordinators have just begun to load, again and again while it restarts:
// the member gets its partitions each time.
func TestGroupsOfAFreshBroker(t *testing.T) {
	c := single.need(t)
	const topic = "fresh"
	client := clientOf(t, single.conn())
	createTopic(t, client, kafka.TopicConfig{Topic: topic, NumPartitions: 1, ReplicationFactor: 1})
	conn, err := single.conn().Open()
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	generations := make(chan int, 100)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	work.Go(func() {
		cfg := consume.Config{Brokers: conn.Brokers, Group: topic, Topics: []string{topic}, SessionTimeout: 6 * time.Second}
		n := 0
		err := consume.NewGroup(cfg, slog.New(slog.DiscardHandler)).Run(ctx, func(ctx context.Context, gen *consume.Generation) error {
			if len(gen.Partitions) == 1 {
				n++
				generations <- n
			}
			<-ctx.Done()
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	next := func() {
		select {
		case n := <-generations:
			t.Logf("generation %d", n)
		case <-ctx.Done():
			t.Fatal("no generation")
		}
	}
	next()
	c.Brokers[0].Kill()
	must(t, c.Brokers[0].Launch()) // it is not waited for
	next()
	harness.Eventually(t, startLimit, "the broker is back", func() error {
		meta, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
		if err == nil && len(meta.Brokers) != 1 {
			err = fmt.Errorf("%d brokers", len(meta.Brokers))
		}
		return err
	})
}
