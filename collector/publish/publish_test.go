package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestEveryAcknowledgedRecordIsInTheLogOnceAndInOrder(t *testing.T) {
	for _, compression := range []string{"none", "lz4", "zstd"} {
		t.Run(compression, func(t *testing.T) {
			c := newKafka(t, 4)
			p := newProducer(t, c, Config{Compression: compression})
			var l ledger
			writes := 200
			if compression != "none" {
				writes = 20 // a codec takes megabytes for each batch, which the race detector clears slowly
			}
			l.write(t, p, 8, writes)
			l.check(t, c)
		})
	}
}

func TestFaultsNeitherLoseNorRepeat(t *testing.T) {
	produce := []kmsg.Key{kmsg.Produce}
	faults := map[string][]kfake.Fault{
		"answer lost after the append": {{Keys: produce, Err: kerr.RequestTimedOut, Count: 8}},
		"appended, too few replicas":   {{Keys: produce, Err: kerr.NotEnoughReplicasAfterAppend, Count: 8}},
		"not the leader":               {{Keys: produce, Err: kerr.NotLeaderForPartition, Count: 5}},
		"no leader":                    {{Keys: produce, Err: kerr.LeaderNotAvailable, Count: 5}},
		"corrupt on the way":           {{Keys: produce, Err: kerr.CorruptMessage, Count: 5}},
		"coordinator loads":            {{Keys: []kmsg.Key{kmsg.InitProducerID}, TopLevel: true, Err: kerr.CoordinatorLoadInProgress, Count: 5}},
		"producer forgotten":           {{Keys: produce, Err: kerr.UnknownProducerID, Count: 5}},
		"epoch fenced":                 {{Keys: produce, Err: kerr.InvalidProducerEpoch, Count: 5}},
		"gap in the sequence":          {{Keys: produce, Err: kerr.OutOfOrderSequenceNumber, Count: 5}},
		"storage error":                {{Keys: produce, Err: kerr.KafkaStorageError, Count: 5}},
		"error without a name":         {{Keys: produce, Err: kerr.UnknownServerError, Count: 5}},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newKafka(t, 2)
			p := newProducer(t, c, Config{BreakAfter: 5 * time.Second})
			h := c.Fault(fault...)
			var l ledger
			l.write(t, p, 4, 100)
			if h.Hits() == 0 {
				t.Error("the fault was never met")
			}
			l.check(t, c)
		})
	}
}

func TestLeaderMoves(t *testing.T) {
	c := newKafka(t, 2, kfake.NumBrokers(3))
	p := newProducer(t, c, Config{BreakAfter: 5 * time.Second})
	for i := range 6 {
		if err := p.Publish(t.Context(), []Record{{Value: []byte(fmt.Sprint(i))}, {Partition: 1, Value: []byte("x")}}); err != nil {
			t.Fatal(err)
		}
		if err := c.MoveTopicPartition(topic, 0, int32(i%3)); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(readAll(t, c, 0), " "); got != "0 1 2 3 4 5" {
		t.Errorf("log holds %q", got)
	}
}

func TestRefusedBatch(t *testing.T) {
	c := newKafka(t, 1)
	p := newProducer(t, c, Config{MaxBatchBytes: 1000})
	big := []Record{{Value: bytes.Repeat([]byte("x"), 2<<20)}} // the topic takes 1 MiB
	if err := p.Publish(t.Context(), big); !errors.Is(err, ErrRefused) {
		t.Errorf("too large a record: %v", err)
	}
	if err := p.Publish(t.Context(), []Record{{Value: []byte("small")}}); err != nil {
		t.Errorf("after a refused one: %v", err)
	}
	if err := p.Publish(t.Context(), []Record{{Partition: 1}}); err == nil {
		t.Error("took a partition that does not exist")
	}
}

func TestLargeCallsAreCutIntoBatches(t *testing.T) {
	c := newKafka(t, 1)
	p := newProducer(t, c, Config{MaxBatchBytes: 5000})
	records := make([]Record, 500)
	for i := range records {
		records[i].Value = []byte(fmt.Sprintf("%0100d", i))
	}
	if err := p.Publish(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	for i, v := range readAll(t, c, 0) {
		if v != string(records[i].Value) {
			t.Fatalf("record %d is %s", i, v)
		}
	}
}

// hold makes the broker answer no produce request until the returned function is called.
func hold(c *kfake.Cluster) (release func()) {
	gate := make(chan struct{})
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		c.SleepControl(func() { <-gate })
		return nil, nil, false
	})
	return func() { close(gate) }
}

func TestOverloadIsToldAtOnceAndCancelledCallsAreStillSent(t *testing.T) {
	c := newKafka(t, 1)
	p := newProducer(t, c, Config{MaxBytes: 1000})
	release := hold(c)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { first <- p.Publish(ctx, []Record{{Value: bytes.Repeat([]byte("a"), 600)}}) }()
	for p.buffered.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := p.Publish(t.Context(), []Record{{Value: bytes.Repeat([]byte("b"), 600)}}); !errors.Is(err, ErrOverloaded) {
		t.Errorf("more than fits: %v", err)
	}
	second := make(chan error, 1)
	go func() { second <- p.Publish(t.Context(), []Record{{Value: []byte("c")}}) }()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled call: %v", err)
	}
	release()
	if err := <-second; err != nil {
		t.Errorf("the other caller: %v", err)
	}
	if got := readAll(t, c, 0); len(got) != 2 {
		t.Errorf("log holds %d records, want the cancelled one too", len(got))
	}
	if n := p.buffered.Load(); n != 0 {
		t.Errorf("%d bytes of admission leaked", n)
	}
}

func TestCloseSendsWhatItHas(t *testing.T) {
	c := newKafka(t, 1)
	p := newProducer(t, c, Config{})
	release := hold(c)
	done := make(chan error, 3)
	for range cap(done) {
		go func() { done <- p.Publish(t.Context(), []Record{{Value: []byte("v")}}) }()
	}
	for p.buffered.Load() < 3*(1+recordOverhead) {
		time.Sleep(time.Millisecond)
	}
	closed := make(chan error, 1)
	go func() { closed <- p.Close(t.Context()) }()
	for p.closing.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	release()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if err := p.Publish(t.Context(), []Record{{Value: []byte("late")}}); !errors.Is(err, ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

func TestCloseGivesUpWithItsContext(t *testing.T) {
	c := newKafka(t, 1)
	p := newProducer(t, c, Config{})
	defer hold(c)()
	done := make(chan error, 1)
	go func() { done <- p.Publish(t.Context(), []Record{{Value: []byte("v")}}) }()
	for p.buffered.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("close: %v", err)
	}
	if err := <-done; !errors.Is(err, ErrUnavailable) {
		t.Errorf("publish: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	good := Config{Brokers: []string{"b:9092"}, Topic: "t"}
	for name, change := range map[string]func(*Config){
		"brokers":     func(c *Config) { c.Brokers = nil },
		"topic":       func(c *Config) { c.Topic = "" },
		"partitions":  func(c *Config) { c.Partitions = -1 },
		"size":        func(c *Config) { c.MaxBytes = -1 },
		"timeout":     func(c *Config) { c.DeliveryTimeout = -1 },
		"compression": func(c *Config) { c.Compression = "rar" },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg, Dependencies{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	for _, name := range []string{"a", "b"} { // two producers share a registry
		if _, err := New(Config{Brokers: []string{"b:9092"}, Topic: name}, Dependencies{Metrics: reg}); err != nil {
			t.Fatal(err)
		}
	}
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}
