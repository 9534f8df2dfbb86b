package engine

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/procfs"
)

// metrics of the child: what runs now, and how often it had to be started again.
type metrics struct {
	engine   *Engine
	restarts prometheus.Counter
}

var (
	descUp     = prometheus.NewDesc("throughline_engine_up", "1 while the process of the embedded ClickHouse engine runs.", nil, nil)
	descMemory = prometheus.NewDesc("throughline_engine_resident_memory_bytes", "Memory of that process; only known on Linux.", nil, nil)
)

func newMetrics(e *Engine) *metrics {
	return &metrics{engine: e, restarts: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "throughline_engine_restarts_total",
		Help: "Times that the embedded ClickHouse engine died and was started again.",
	})}
}

// Describe is part of prometheus.Collector.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	to <- descUp
	to <- descMemory
	m.restarts.Describe(to)
}

// Collect is part of prometheus.Collector.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	m.restarts.Collect(to)
	pid, up := m.engine.Pid(), 0.0
	if pid > 0 {
		up = 1
		if p, err := procfs.NewProc(pid); err == nil {
			if stat, err := p.Stat(); err == nil {
				to <- prometheus.MustNewConstMetric(descMemory, prometheus.GaugeValue, float64(stat.ResidentMemory()))
			}
		}
	}
	to <- prometheus.MustNewConstMetric(descUp, prometheus.GaugeValue, up)
}
