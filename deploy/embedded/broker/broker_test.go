package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	deploy "github.com/throughline/throughline/deploy/topics"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/tests/ports"
)

// childEnv makes the test binary a broker that runs until it is killed.
const (
	childEnv       = "BROKER_TEST_CHILD_DIR"
	childListenEnv = "BROKER_TEST_CHILD_LISTEN"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		b, err := New(Config{DataDir: dir, Listen: os.Getenv(childListenEnv), Sync: true, Partitions: 4}, nil)
		if err == nil {
			err = b.Start(context.Background())
		}
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(b.Addr())
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test ends or kills this process
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func start(t *testing.T, cfg Config) *Broker {
	t.Helper()
	cfg.Listen = "127.0.0.1:0"
	b, err := New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func produce(t *testing.T, addr string, partition int, value string) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(addr), Transport: transport}
	res, err := client.Produce(t.Context(), &kafka.ProduceRequest{
		Topic: topics.Touchpoints, Partition: partition, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes([]byte(value))}),
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		t.Fatal(err)
	}
}

func commit(t *testing.T, addr string, offset int64) {
	t.Helper()
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: "g", Brokers: []string{addr}, Topics: []string{topics.Touchpoints},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	generation, err := group.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := generation.CommitOffsets(map[string]map[int]int64{topics.Touchpoints: {1: offset}}); err != nil {
		t.Fatal(err)
	}
}

// check reads partition 1 from its start and the offset that group g has committed for it.
func check(t *testing.T, addr string, want []string, committed int64) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(addr), Transport: transport}
	fetched, err := client.Fetch(t.Context(), &kafka.FetchRequest{Topic: topics.Touchpoints, Partition: 1, MaxBytes: 1 << 20})
	if err == nil {
		err = fetched.Error
	}
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		r, err := fetched.Records.ReadRecord()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		value, err := kafka.ReadAll(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(value))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("records %q, want %q", got, want)
	}
	offsets, err := client.OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{
		GroupID: "g", Topics: map[string][]int{topics.Touchpoints: {1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := offsets.Topics[topics.Touchpoints][0].CommittedOffset; got != committed {
		t.Errorf("committed offset %d, want %d", got, committed)
	}
}

func TestKilledBrokerKeepsRecordsAndOffsets(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for round := range 3 {
		addr := ports.For(t)
		running := child(t, dir, addr)
		value := fmt.Sprint("r", round)
		produce(t, addr, 1, value)
		want = append(want, value)
		commit(t, addr, int64(round+1))
		kill(t, running)
	}
	check(t, start(t, Config{DataDir: dir, Sync: true, Partitions: 4}).Addr(), want, 3)
}

func TestStoppedBrokerKeepsRecordsAndOffsets(t *testing.T) {
	dir := t.TempDir()
	b := start(t, Config{DataDir: dir, Partitions: 4})
	produce(t, b.Addr(), 1, "a")
	commit(t, b.Addr(), 1)
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := b.Err(); err == nil {
		t.Error("a stopped broker is well")
	}
	again := start(t, Config{DataDir: dir, Partitions: 4})
	if err := again.Err(); err != nil {
		t.Error(err)
	}
	check(t, again.Addr(), []string{"a"}, 1)
}

func TestTopicsAreVerifiedOnEveryStart(t *testing.T) {
	dir := t.TempDir()
	if err := start(t, Config{DataDir: dir, Partitions: 4}).Stop(); err != nil {
		t.Fatal(err)
	}
	b, err := New(Config{DataDir: dir, Listen: "127.0.0.1:0", Partitions: 8}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); !errors.Is(err, deploy.ErrPartitions) {
		t.Fatalf("start with another number of partitions: %v", err)
	}
	start(t, Config{DataDir: dir, Partitions: 4})
}

func TestSettingsArePutRight(t *testing.T) {
	b := start(t, Config{DataDir: t.TempDir(), Partitions: 4})
	client := kafka.Client{Addr: kafka.TCP(b.Addr()), Transport: &kafka.Transport{}}
	_, err := client.IncrementalAlterConfigs(t.Context(), &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: topics.Touchpoints,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "retention.ms", Value: "1000"}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := deploy.Ensure(t.Context(), deploy.Config{Brokers: []string{b.Addr()}, Partitions: 4}); err != nil {
		t.Fatal(err)
	}
	res, err := client.DescribeConfigs(t.Context(), &kafka.DescribeConfigsRequest{
		Resources: []kafka.DescribeConfigRequestResource{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: topics.Touchpoints, ConfigNames: []string{"retention.ms"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := topics.All()[0].Settings["retention.ms"]
	if got := res.Resources[0].ConfigEntries[0].ConfigValue; got != want {
		t.Errorf("retention.ms %s, want %s", got, want)
	}
}

func TestUnknownTopicIsNotCreated(t *testing.T) {
	b := start(t, Config{DataDir: t.TempDir(), Partitions: 4})
	client := kafka.Client{Addr: kafka.TCP(b.Addr()), Transport: &kafka.Transport{}, Timeout: time.Second}
	_, err := client.Produce(t.Context(), &kafka.ProduceRequest{
		Topic: "other", RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes([]byte("x"))}),
	})
	if err == nil {
		t.Error("produced to a topic that nobody created")
	}
}

func TestNewRefuses(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no folder":      {},
		"open to others": {DataDir: "d", Listen: "0.0.0.0:9092"},
		"no port":        {DataDir: "d", Listen: "127.0.0.1"},
		"partitions":     {DataDir: "d", Partitions: -1},
	} {
		if _, err := New(cfg, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestAdvertise: clients that are told of a proxy go through it.
func TestAdvertise(t *testing.T) {
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	listen := ports.For(t)
	var through atomic.Int32
	go func() {
		for {
			client, err := proxy.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", listen)
			if err != nil {
				client.Close()
				continue
			}
			through.Add(1)
			go func() { _, _ = io.Copy(server, client); server.Close() }()
			go func() { _, _ = io.Copy(client, server); client.Close() }()
		}
	}()
	b, err := New(Config{DataDir: t.TempDir(), Listen: listen, Advertise: proxy.Addr().String()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer b.Stop()
	before := through.Load()
	produce(t, listen, 0, "a") // the first look goes past the proxy, the record does not
	if b.Addr() != proxy.Addr().String() || through.Load() == before {
		t.Errorf("told %s, %d connections through the proxy", b.Addr(), through.Load()-before)
	}
}
