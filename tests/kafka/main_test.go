package kafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/kafka/cluster"
)

// TestMain runs the tests, or the engine where a test has started this binary as its child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == harness.EngineArgument {
		if err := engine.RunChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	single.stop()
	triple.stop()
	os.Exit(code)
}

// shared is a cluster that tests use one after another; it starts with the first of them.
type shared struct {
	options cluster.Options
	once    sync.Once
	cluster *cluster.Cluster
	dir     string
	err     error
}

var (
	// single has both kinds of listeners.
	single = &shared{options: cluster.Options{Brokers: 1}}
	// triple has TLS and SASL on every connection, also between its brokers.
	triple = &shared{options: cluster.Options{Brokers: 3, OnlySecure: true}}
)

// startLimit is for a busy machine: alone it takes some seconds.
const startLimit = 2 * time.Minute

// need gives a running cluster without topics and groups. Without Java or Maven the test is skipped, or fails where
// REQUIRE_CONTAINERS is set.
func (s *shared) need(t *testing.T) *cluster.Cluster {
	t.Helper()
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		if s.dir, s.err = os.MkdirTemp("", "throughline-kafka"); s.err != nil {
			return
		}
		if s.cluster, s.err = cluster.New(ctx, s.dir, s.options); s.err == nil {
			s.err = s.cluster.Start(ctx)
		}
	})
	missing(t, s.err)
	must(t, s.err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of the brokers:\n%s", s.cluster.Log(3000))
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	must(t, s.cluster.Start(ctx)) // those that the test before has killed
	s.reset(t)
	return s.cluster
}

// missing skips a test that has no Java, unless it must run.
func missing(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, cluster.ErrMissing) {
		return
	}
	if os.Getenv("REQUIRE_CONTAINERS") != "" {
		t.Fatal(err)
	}
	t.Skip(err)
}

func (s *shared) stop() {
	if s.cluster != nil {
		s.cluster.Stop()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir) // a temporary folder
	}
}

// reset takes topics and groups of the test before away.
func (s *shared) reset(t *testing.T) {
	t.Helper()
	client := clientOf(t, s.conn())
	harness.Eventually(t, startLimit, "the cluster is empty", func() error {
		meta, err := client.Metadata(t.Context(), &kafka.MetadataRequest{})
		if err != nil {
			return err
		}
		client.Transport.(*kafka.Transport).CloseIdleConnections() // whoever asks next asks anew
		var names []string
		for _, topic := range meta.Topics {
			if !topic.Internal {
				names = append(names, topic.Name)
			}
		}
		if len(meta.Brokers) < len(s.cluster.Brokers) {
			return fmt.Errorf("%d of %d brokers are there", len(meta.Brokers), len(s.cluster.Brokers))
		}
		if len(names) == 0 {
			return nil
		}
		if _, err := client.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: names}); err != nil {
			return err
		}
		return fmt.Errorf("%d topics are being deleted", len(names))
	})
	s.forgetGroups(t, client)
}

func (s *shared) forgetGroups(t *testing.T, client *kafka.Client) {
	t.Helper()
	harness.Eventually(t, startLimit, "there are no groups", func() error {
		listed, err := client.ListGroups(t.Context(), &kafka.ListGroupsRequest{})
		if err == nil {
			err = listed.Error
		}
		if err != nil {
			return err
		}
		var groups []string
		for _, g := range listed.Groups {
			groups = append(groups, g.GroupID)
		}
		if len(groups) == 0 {
			return nil
		}
		deleted, err := client.DeleteGroups(t.Context(), &kafka.DeleteGroupsRequest{GroupIDs: groups})
		if err != nil {
			return err
		}
		for group, err := range deleted.Errors {
			if err != nil && !errors.Is(err, kafka.GroupIdNotFound) {
				return fmt.Errorf("group %s: %w", group, err)
			}
		}
		return nil
	})
}

// conn is how the shared cluster is reached: by TLS where that is the only way.
func (s *shared) conn() kafkaconn.Config {
	if s.options.OnlySecure {
		return s.cluster.Secure()
	}
	return s.cluster.Plain()
}

func clientOf(t *testing.T, cfg kafkaconn.Config) *kafka.Client {
	t.Helper()
	conn, err := cfg.Open()
	must(t, err)
	client := conn.Client(10 * time.Second)
	t.Cleanup(client.Transport.(*kafka.Transport).CloseIdleConnections)
	return client
}

// createTopic creates one that is not the program's own.
func createTopic(t *testing.T, client *kafka.Client, c kafka.TopicConfig) {
	t.Helper()
	harness.Eventually(t, startLimit, "topic "+c.Topic+" is created", func() error {
		res, err := client.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{c}})
		if err != nil {
			return err
		}
		if err := res.Errors[c.Topic]; err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return err
		}
		client.Transport.(*kafka.Transport).CloseIdleConnections()
		meta, err := client.Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{c.Topic}})
		if err != nil {
			return err
		}
		for _, p := range meta.Topics[0].Partitions {
			if p.Leader.Host == "" {
				return fmt.Errorf("partition %d has no leader yet", p.ID)
			}
		}
		return meta.Topics[0].Error
	})
}

// waitInSync waits until every partition has so many copies in sync.
func waitInSync(t *testing.T, client *kafka.Client, topic string, copies int) {
	t.Helper()
	harness.Eventually(t, startLimit, topic+" is in sync", func() error {
		client.Transport.(*kafka.Transport).CloseIdleConnections()
		meta, err := client.Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{topic}})
		if err != nil {
			return err
		}
		for _, p := range meta.Topics[0].Partitions {
			if len(p.Isr) < copies {
				return fmt.Errorf("partition %d has %d copies in sync", p.ID, len(p.Isr))
			}
		}
		return nil
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
