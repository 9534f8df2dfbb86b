package broker

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	sync prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer, b *Broker) (*metrics, error) {
	m := &metrics{sync: prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "throughline_broker_sync_seconds", Help: "Time of one sync to disk, which many acknowledgements share.",
		Buckets:                     prometheus.ExponentialBuckets(0.0001, 2.5, 12),
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
	})}
	if reg == nil {
		return m, nil
	}
	up := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "throughline_broker_up", Help: "1 while the embedded broker acknowledges; 0 once its disk has failed.",
	}, func() float64 {
		if b.Err() != nil {
			return 0
		}
		return 1
	})
	if err := reg.Register(up); err != nil {
		return nil, err
	}
	return m, reg.Register(m.sync)
}

// timed measures each call of a sync.
func (m *metrics) timed(sync func() error) func() error {
	return func() error {
		start := time.Now()
		defer func() { m.sync.Observe(time.Since(start).Seconds()) }()
		return sync()
	}
}
