// Package host takes the folders that a program works in and gives metrics of the program and its machine that no part of the
// pipeline knows: which build runs, how much memory it may take, how full the disks are.
package host

import (
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/mem"
)

// Metrics are asked of the machine when somebody looks.
type Metrics struct {
	folders map[string]string
	names   []string
	build   prometheus.Metric
	limit   float64
}

var (
	descBuild = prometheus.NewDesc("throughline_build_info", "1, with what this program was built from.",
		[]string{"version", "revision", "go_version"}, nil)
	descMemory = prometheus.NewDesc("throughline_process_memory_limit_bytes",
		"Memory that this process may take: the limit of its control group, else what the machine has.", nil, nil)
	descFree = prometheus.NewDesc("throughline_disk_free_bytes", "Bytes that this program can still write where a folder lies.", []string{"folder"}, nil)
	descSize = prometheus.NewDesc("throughline_disk_size_bytes", "Bytes of the disk where a folder lies.", []string{"folder"}, nil)
)

// New takes the folders by the name that their label has, such as spool or state. A folder that is not there yet has no metrics.
func New(folders map[string]string) *Metrics {
	m := &Metrics{folders: folders, build: build(), limit: memoryLimit()}
	for name := range folders {
		m.names = append(m.names, name)
	}
	slices.Sort(m.names)
	return m
}

// Describe is part of prometheus.Collector.
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descBuild, descMemory, descFree, descSize} {
		to <- d
	}
}

// Collect is part of prometheus.Collector.
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	to <- m.build
	if m.limit > 0 {
		to <- prometheus.MustNewConstMetric(descMemory, prometheus.GaugeValue, m.limit)
	}
	for _, name := range m.names {
		usage, err := disk.Usage(m.folders[name])
		if err != nil {
			continue
		}
		to <- prometheus.MustNewConstMetric(descFree, prometheus.GaugeValue, float64(usage.Free), name)
		to <- prometheus.MustNewConstMetric(descSize, prometheus.GaugeValue, float64(usage.Total), name)
	}
}

// build tells the build apart by module version and revision; a changed checkout is marked.
func build() prometheus.Metric {
	version, revision, changed := "unknown", "unknown", false
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				revision = s.Value
			case "vcs.modified":
				changed = s.Value == "true"
			}
		}
	}
	if changed {
		revision += "-changed"
	}
	return prometheus.MustNewConstMetric(descBuild, prometheus.GaugeValue, 1, version, revision, runtime.Version())
}

// Files with the limit of the control group that the process is in; version 2, version 1.
var limitFiles = []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}

// memoryLimit is 0 where nothing is known.
func memoryLimit() float64 {
	var total uint64
	if machine, err := mem.VirtualMemory(); err == nil {
		total = machine.Total
	}
	for _, file := range limitFiles {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// "max", or a number beyond what any machine has, is no limit.
		if limit, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil && limit > 0 && (total == 0 || limit < total) {
			return float64(limit)
		}
	}
	return float64(total)
}
