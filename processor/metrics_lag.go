package processor

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	lagRecords = prometheus.NewDesc("throughline_processor_lag_records",
		"Records in the log that are not yet in the tables.", []string{"topic", "partition"}, nil)
	lagSeconds = prometheus.NewDesc("throughline_processor_lag_seconds",
		"Age of the oldest record that is not yet in the tables; 0 when caught up.", []string{"topic", "partition"}, nil)
)

// lagMetrics are worked out when they are asked for: a flush that never ends would leave the figures of the one before it.
type lagMetrics struct {
	owned atomic.Pointer[[]*partition]
}

func (l *lagMetrics) own(partitions []*partition) { l.owned.Store(&partitions) }

// Describe is part of prometheus.Collector.
func (l *lagMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- lagRecords
	to <- lagSeconds
}

// Collect is part of prometheus.Collector.
func (l *lagMetrics) Collect(to chan<- prometheus.Metric) {
	owned := l.owned.Load()
	if owned == nil {
		return
	}
	now := time.Now()
	for _, p := range *owned {
		topic, partition := p.labels()
		var age time.Duration
		if since := p.waitingSince(); !since.IsZero() {
			age = max(now.Sub(since), 0)
		}
		to <- prometheus.MustNewConstMetric(lagRecords, prometheus.GaugeValue, float64(p.behind()), topic, partition)
		to <- prometheus.MustNewConstMetric(lagSeconds, prometheus.GaugeValue, age.Seconds(), topic, partition)
	}
}
