package store

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// OpenWatched is Open followed by Watch in the background; it connects before it returns, and waits for that while ClickHouse is
// away. What needs an operator, such as missing tables, is an error at once.
func OpenWatched(ctx context.Context, cfg Config, log *slog.Logger, reg prometheus.Registerer, interval time.Duration) (*Store, error) {
	s, err := New(cfg, log, reg)
	if err != nil {
		return nil, err
	}
	go s.Watch(ctx, interval)
	if err := s.await(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// checkLimit bounds one attempt to connect to a server that takes connections and does not answer.
const checkLimit = 15 * time.Second

// await repeats Check, with pauses that grow to some seconds, until ClickHouse answers.
func (s *Store) await(ctx context.Context) error {
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		check, cancel := context.WithTimeout(ctx, checkLimit)
		err := s.Check(check)
		cancel()
		if err == nil || Classify(err) == Fatal {
			return err
		}
		if ctx.Err() == nil {
			s.log.Warn("waiting for ClickHouse", "again_in", pause, "error", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for ClickHouse: %w (last error: %w)", ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// Watch asks the server at each interval how it does, until ctx is done, and gives the answers to the metrics. Several processors
// ask the same server: take the greatest of their answers, not the sum.
func (s *Store) Watch(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var said string
	for {
		said = s.look(ctx, interval, said)
		select {
		case <-ctx.Done():
			s.watch.last.Store(nil)
			return
		case <-tick.C:
		}
	}
}

// look asks once and gives the trouble, which is logged when it is another one than before.
func (s *Store) look(ctx context.Context, limit time.Duration, said string) string {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	server, err := s.Server(ctx)
	if ctx.Err() == nil || server == nil {
		s.watch.last.Store(&seen{server})
	}
	if err == nil {
		return ""
	}
	if err.Error() != said && server != nil {
		s.log.Warn("the ClickHouse server tells less of itself than it could: metrics of it are missing", "error", err)
	}
	return err.Error()
}

// seen is the newest answer; a nil server did not answer.
type seen struct{ *Server }

// watch turns the newest answer into metrics. Before the first one there are none.
type watch struct{ last atomic.Pointer[seen] }

func about(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("throughline_clickhouse_"+name, help, labels, nil)
}

var (
	descUp       = about("up", "1 when ClickHouse answers.")
	descParts    = about("active_parts", "Parts of a table.", "table")
	descRows     = about("rows", "Rows of a table, replaced ones that are not yet merged included.", "table")
	descBytes    = about("table_bytes", "Bytes of a table on disk.", "table")
	descMaxParts = about("partition_parts_max", "The most parts that one partition of our tables has.")
	descDelayed  = about("delayed_inserts_total", "INSERTs that had to wait because of too many parts.")
	descRejected = about("rejected_inserts_total", "INSERTs refused because of too many parts.")
	descMerged   = about("merged_rows_total", "Rows that merges have read.")
	descMerges   = about("running_merges", "Merges under way.")
	descQueries  = about("queries", "Queries under way.")
	descMemory   = about("memory_bytes", "Memory that the server accounts for.")
	descFree     = about("disk_free_bytes", "Free bytes of a local disk of the server.", "disk")
	descSize     = about("disk_size_bytes", "Bytes of a local disk of the server.", "disk")
	descReadonly = about("readonly_replicas", "Replicated tables that take no writes.")
	descQueue    = about("replication_queue", "Entries that replicated tables have not applied yet.")
	descDelay    = about("replication_delay_seconds", "How far the replica that is furthest behind is.")
)

// Describe is part of prometheus.Collector.
func (w *watch) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descUp, descParts, descRows, descBytes, descMaxParts, descDelayed, descRejected, descMerged, descMerges,
		descQueries, descMemory, descFree, descSize, descReadonly, descQueue, descDelay} {
		to <- d
	}
}

// Collect is part of prometheus.Collector.
func (w *watch) Collect(to chan<- prometheus.Metric) {
	last := w.last.Load()
	if last == nil {
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	v := last.Server
	if v == nil {
		gauge(descUp, 0)
		return
	}
	gauge(descUp, 1)
	var most uint64
	for _, t := range v.Tables {
		gauge(descParts, float64(t.Parts), t.Name)
		gauge(descRows, float64(t.Rows), t.Name)
		gauge(descBytes, float64(t.Bytes), t.Name)
		most = max(most, t.PartitionParts)
	}
	for _, d := range v.Disks {
		gauge(descFree, float64(d.Free), d.Name)
		gauge(descSize, float64(d.Size), d.Name)
	}
	gauge(descMaxParts, float64(most))
	gauge(descMerges, float64(v.Merges))
	gauge(descQueries, float64(v.Queries))
	gauge(descMemory, float64(v.MemoryBytes))
	gauge(descReadonly, float64(v.ReadonlyReplicas))
	gauge(descQueue, float64(v.ReplicationQueue))
	gauge(descDelay, float64(v.ReplicationDelaySeconds))
	for d, n := range map[*prometheus.Desc]uint64{descDelayed: v.DelayedInserts, descRejected: v.RejectedInserts, descMerged: v.MergedRows} {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n))
	}
}
