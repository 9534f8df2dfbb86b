package host

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestMetrics(t *testing.T) {
	dir := t.TempDir()
	reg := prometheus.NewRegistry()
	reg.MustRegister(New(map[string]string{"spool": dir, "state": filepath.Join(dir, "not there yet")}))
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			got[f.GetName()] += m.GetGauge().GetValue()
		}
	}
	switch {
	case got["throughline_build_info"] != 1:
		t.Error("no build")
	case got["throughline_process_memory_limit_bytes"] < 1<<20:
		t.Errorf("a memory limit of %v bytes", got["throughline_process_memory_limit_bytes"])
	case got["throughline_disk_free_bytes"] <= 0 || got["throughline_disk_free_bytes"] > got["throughline_disk_size_bytes"]:
		t.Errorf("%v of %v bytes are free", got["throughline_disk_free_bytes"], got["throughline_disk_size_bytes"])
	}
	if n, _ := testutil.GatherAndCount(reg, "throughline_disk_free_bytes"); n != 1 {
		t.Errorf("%d folders have metrics; one is there", n)
	}
}

func TestMemoryLimit(t *testing.T) {
	files := limitFiles
	defer func() { limitFiles = files }()
	file := filepath.Join(t.TempDir(), "memory.max")
	limitFiles = []string{file}
	machine := memoryLimit()
	for text, want := range map[string]float64{"max\n": machine, "1048576\n": 1 << 20, "9223372036854771712\n": machine, "": machine} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := memoryLimit(); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
