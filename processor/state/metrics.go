package state

import "github.com/prometheus/client_golang/prometheus"

func about(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("throughline_state_"+name, help, nil, nil)
}

var (
	descDisk   = about("disk_bytes", "Bytes of the state on disk.")
	descMemory = about("memory_bytes", "Bytes of the state's memtables and block cache.")
	descDebt   = about("compaction_debt_bytes", "Bytes that have to be compacted before the state is in good order.")
	descHits   = about("cache_hits_total", "Blocks found in the state's block cache.")
	descMisses = about("cache_misses_total", "Blocks that had to be read from disk.")
)

// Describe is part of prometheus.Collector.
func (s *State) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descDisk, descMemory, descDebt, descHits, descMisses} {
		to <- d
	}
}

// Collect is part of prometheus.Collector. A closed state has no metrics.
func (s *State) Collect(to chan<- prometheus.Metric) {
	s.open.RLock()
	defer s.open.RUnlock()
	if s.gone {
		return
	}
	m := s.db.Metrics()
	for d, v := range map[*prometheus.Desc]float64{
		descDisk: float64(m.DiskSpaceUsage()), descDebt: float64(m.Compact.EstimatedDebt),
		descMemory: float64(m.MemTable.Size) + float64(m.BlockCache.Size),
	} {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	for d, v := range map[*prometheus.Desc]int64{descHits: m.BlockCache.Hits, descMisses: m.BlockCache.Misses} {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
	}
}
