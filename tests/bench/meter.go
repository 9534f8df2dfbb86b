package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// meter reads the processor time of processes over a while.
type meter struct {
	at      time.Time
	names   []string
	pids    map[string]int
	before  map[string]time.Duration
	machine time.Duration
}

// usage is what a meter has measured.
type usage struct {
	elapsed time.Duration
	names   []string
	cpu     map[string]time.Duration
	// others is the processor time of everything that is not measured.
	others time.Duration
}

const loadName = "load"

// newMeter begins to measure the processes and this one, the load generator.
func newMeter(pids map[string]int) *meter {
	m := &meter{pids: maps.Clone(pids), before: map[string]time.Duration{}}
	m.pids[loadName] = os.Getpid()
	m.names = slices.Sorted(maps.Keys(m.pids))
	for name, pid := range m.pids {
		m.before[name] = cpuOf(pid)
	}
	m.machine, m.at = machineBusy(), time.Now()
	return m
}

func (m *meter) stop() usage {
	u := usage{elapsed: time.Since(m.at), names: m.names, cpu: map[string]time.Duration{}, others: machineBusy() - m.machine}
	for name, pid := range m.pids {
		u.cpu[name] = cpuOf(pid) - m.before[name]
		u.others -= u.cpu[name]
	}
	return u
}

// add sums two measurements.
func (u *usage) add(v usage) {
	if u.cpu == nil {
		u.cpu, u.names = map[string]time.Duration{}, v.names
	}
	u.elapsed += v.elapsed
	u.others += v.others
	for name, d := range v.cpu {
		u.cpu[name] += d
	}
}

// perEvent words the processor time that an event costs in each process, and the share that others had of the machine.
func (u *usage) perEvent(events int64) string {
	var parts []string
	var sum float64
	for _, name := range u.names {
		µs := float64(u.cpu[name].Microseconds()) / float64(max(1, events))
		sum += µs
		parts = append(parts, fmt.Sprintf("%s %.2f", name, µs))
	}
	return fmt.Sprintf("CPU µs/event: %s, sum %.2f; other processes had %.2f cores", strings.Join(parts, ", "), sum,
		max(0, u.others.Seconds()/u.elapsed.Seconds()))
}

// sum is the processor time of all processes for one event.
func (u *usage) sum(events int64) (all time.Duration) {
	for _, d := range u.cpu {
		all += d
	}
	return all / time.Duration(max(1, events))
}

// tick is the unit of /proc: 1/100 s on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// statFields gives the fields of /proc/PID/stat after the command's name: state, parent, …
func statFields(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return strings.Fields(rest)
}

// cpuOf is the processor time that a process has had, 0 where there is no /proc.
func cpuOf(pid int) time.Duration {
	const user, system = 11, 12
	fields := statFields(pid)
	if len(fields) <= system {
		return 0
	}
	return ticks(fields[user]) + ticks(fields[system])
}

func ticks(text string) time.Duration {
	n, _ := strconv.ParseInt(text, 10, 64) // the kernel writes numbers
	return time.Duration(n) * tick
}

// machineBusy is the time that all processors were not idle.
func machineBusy() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	var busy time.Duration
	const idle, waiting = 4, 5
	for i, field := range strings.Fields(line) {
		if i > 0 && i < 9 && i != idle && i != waiting {
			busy += ticks(field)
		}
	}
	return busy
}

// profiles records CPU profiles of processes for a while, where the run asks for them. The function that it gives waits for them.
func (b *bench) profiles(ctx context.Context, of string, lasting time.Duration, processes ...*process) func() {
	var work sync.WaitGroup
	for _, p := range processes {
		if b.profile == "" || p == nil || p.profile == "" {
			continue
		}
		work.Go(func() {
			file := filepath.Join(b.profile, of+"-"+p.name+".pprof")
			if err := profile(ctx, p.profile, file, lasting); err != nil {
				fmt.Fprintf(os.Stderr, "profile of %s: %v\n", p.name, err)
			}
		})
	}
	return work.Wait
}

func profile(ctx context.Context, addr, file string, lasting time.Duration) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", addr, max(1, int(lasting.Seconds())))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}
