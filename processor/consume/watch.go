package consume

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
)

// Watcher asks the brokers how the topics do and gives the answers as metrics. Several processors ask the same brokers: take the
// greatest of their answers, not the sum.
type Watcher struct {
	topics                      []string
	up                          prometheus.Gauge
	partitions, lagging, orphan *prometheus.GaugeVec
}

// NewWatcher makes and registers the metrics of the topics; they are 0 until the first answer.
func NewWatcher(topics []string, reg prometheus.Registerer) (*Watcher, error) {
	gauges := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "throughline", Subsystem: "kafka", Name: name, Help: help}, []string{"topic"})
	}
	w := &Watcher{
		topics: topics,
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "throughline", Subsystem: "kafka", Name: "up", Help: "1 when a broker answers and has the topics.",
		}),
		partitions: gauges("partitions", "Partitions of a topic."),
		lagging:    gauges("underreplicated_partitions", "Partitions with fewer replicas in sync than there should be."),
		orphan:     gauges("offline_partitions", "Partitions without a leader: nothing can be written to them or read."),
	}
	for _, c := range []prometheus.Collector{w.up, w.partitions, w.lagging, w.orphan} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of Kafka: %w", err)
		}
	}
	return w, nil
}

// Watch asks at each interval until ctx is done.
func (w *Watcher) Watch(ctx context.Context, f *Fetcher, interval time.Duration, log *slog.Logger) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := w.look(ctx, f, interval); err != nil && ctx.Err() == nil {
			log.Debug("asking Kafka about the topics", "error", err)
		}
		select {
		case <-ctx.Done():
			w.up.Set(0)
			return
		case <-tick.C:
		}
	}
}

// look asks once. Without an answer the figures of the partitions go: old ones would look like a healthy cluster.
func (w *Watcher) look(ctx context.Context, f *Fetcher, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	meta, err := f.ask(ctx, w.topics)
	w.partitions.Reset()
	w.lagging.Reset()
	w.orphan.Reset()
	if err != nil {
		w.up.Set(0)
		return err
	}
	w.up.Set(1)
	for _, t := range meta.Topics {
		lagging, orphan := judge(t.Partitions)
		w.partitions.WithLabelValues(t.Name).Set(float64(len(t.Partitions)))
		w.lagging.WithLabelValues(t.Name).Set(float64(lagging))
		w.orphan.WithLabelValues(t.Name).Set(float64(orphan))
	}
	return nil
}

// ask gives the metadata of topics that are all there. The client answers from what it remembers, so another question, which a
// broker must answer, comes first.
func (f *Fetcher) ask(ctx context.Context, topics []string) (*kafka.MetadataResponse, error) {
	if _, err := f.client.ApiVersions(ctx, &kafka.ApiVersionsRequest{}); err != nil {
		return nil, fmt.Errorf("ask a broker: %w", err)
	}
	meta, err := f.client.Metadata(ctx, &kafka.MetadataRequest{Topics: topics})
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	for _, t := range meta.Topics {
		if t.Error != nil {
			err = errors.Join(err, fmt.Errorf("metadata of %s: %w", t.Name, t.Error))
		}
	}
	return meta, err
}

// judge counts the partitions with too few replicas in sync, and those without a leader.
func judge(partitions []kafka.Partition) (lagging, orphan int) {
	for _, p := range partitions {
		if len(p.Isr) < len(p.Replicas) {
			lagging++
		}
		if p.Leader.Host == "" || errors.Is(p.Error, kafka.LeaderNotAvailable) {
			orphan++
		}
	}
	return lagging, orphan
}
