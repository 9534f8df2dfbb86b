package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// observers are the functions that are there for those who watch: of the metrics' library, of logs, of traces; ours are in files named
// metrics.go. A scrape is answered by promhttp.
var (
	observers = regexp.MustCompile(`prometheus/client_|log/slog|opentelemetry|deploy/tracing|/metrics\.go:`)
	scrapes   = regexp.MustCompile(`promhttp`)
)

// ours is how functions of the program begin.
const ours = "github.com/throughline/throughline/"

// observersIn gives the share of a profile's samples that were taken inside of observers, and the time that was sampled.
func observersIn(ctx context.Context, file string) (share float64, all time.Duration, err error) {
	out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-traces", "-lines", file).Output()
	if err != nil {
		return 0, 0, fmt.Errorf("read the profile: %w", err)
	}
	share, all = observed(out)
	if all == 0 {
		return 0, 0, fmt.Errorf("read the profile: no samples in %.300s", out)
	}
	return share, all, nil
}

// observed adds up the samples of `go tool pprof -traces -lines`: stacks, the innermost function first, the time before it.
func observed(traces []byte) (share float64, all time.Duration) {
	var inside, lasted time.Duration
	var stack []string
	end := func() {
		if all += lasted; observes(stack) {
			inside += lasted
		}
		lasted, stack = 0, nil
	}
	for lines := bufio.NewScanner(bytes.NewReader(traces)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "---") {
			end()
			continue
		}
		first, rest, _ := strings.Cut(line, " ")
		if d, err := time.ParseDuration(first); err == nil && len(stack) == 0 {
			lasted, line = d, strings.TrimSpace(rest)
		}
		if lasted > 0 {
			stack = append(stack, line)
		}
	}
	end()
	return float64(inside) / float64(max(1, all)), all
}

// observes tells whether a stack is inside of an observer. One that calls back what it measures, as the timer of an fsync does,
// is none while that runs: the innermost function that is an observer's, or of the program, decides.
func observes(stack []string) bool {
	decided, inside := false, false
	for _, frame := range stack {
		if scrapes.MatchString(frame) {
			return true
		}
		watches := observers.MatchString(frame)
		if !decided && (watches || strings.HasPrefix(frame, ours)) {
			decided, inside = true, watches
		}
	}
	return inside
}
