package consume

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

func TestWatchTellsOfTopicsAndOfABrokerThatIsAway(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "a"), kfake.SeedTopics(1, "b"))
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	w, err := NewWatcher([]string{"a", "b"}, reg)
	if err != nil {
		t.Fatal(err)
	}
	f := NewFetcher(Config{Brokers: cluster.ListenAddrs()})
	defer f.Close()
	if err := w.look(t.Context(), f, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	for what, tt := range map[string]struct {
		got  prometheus.Gauge
		want float64
	}{
		"up":              {w.up, 1},
		"partitions":      {w.partitions.WithLabelValues("a"), 3},
		"of the other":    {w.partitions.WithLabelValues("b"), 1},
		"underreplicated": {w.lagging.WithLabelValues("a"), 0},
		"offline":         {w.orphan.WithLabelValues("a"), 0},
	} {
		if got := testutil.ToFloat64(tt.got); got != tt.want {
			t.Errorf("%s: %v, want %v", what, got, tt.want)
		}
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	cluster.Close()
	if err := w.look(t.Context(), f, 5*time.Second); err == nil {
		t.Error("a broker that is gone has answered")
	}
	if n, err := testutil.GatherAndCount(reg); err != nil || n != 1 || testutil.ToFloat64(w.up) != 0 {
		t.Errorf("%d series, up is %v, %v", n, testutil.ToFloat64(w.up), err)
	}
}

func TestWatchTellsOfAMissingTopic(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	w, err := NewWatcher([]string{"a", "missing"}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	f := NewFetcher(Config{Brokers: cluster.ListenAddrs()})
	defer f.Close()
	done := make(chan struct{})
	go func() { defer close(done); w.Watch(t.Context(), f, time.Millisecond, slog.New(slog.DiscardHandler)) }()
	time.Sleep(50 * time.Millisecond)
	if testutil.ToFloat64(w.up) != 0 {
		t.Error("up without one of the topics")
	}
	if err := w.look(t.Context(), f, 5*time.Second); err == nil {
		t.Error("no error of a missing topic")
	}
}

func TestPartitionsAreJudged(t *testing.T) {
	b := kafka.Broker{Host: "b", ID: 1}
	full := kafka.Partition{Leader: b, Replicas: []kafka.Broker{b, b}, Isr: []kafka.Broker{b, b}}
	thin := kafka.Partition{Leader: b, Replicas: []kafka.Broker{b, b}, Isr: []kafka.Broker{b}}
	orphan := kafka.Partition{Replicas: []kafka.Broker{b, b}, Isr: []kafka.Broker{b}}
	if lagging, offline := judge([]kafka.Partition{full, thin, orphan}); lagging != 2 || offline != 1 {
		t.Errorf("%d lag, %d are offline", lagging, offline)
	}
}
