package alerts

import (
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Faster gives the same rules in a world where time runs so many times as fast: windows, offsets and waits are shorter, and so are
// ages that are compared. A test that cannot wait for minutes uses it. Latencies stay as they are: they are not waits of the rule.
func Faster(groups []Group, times int) []Group {
	groups = slices.Clone(groups)
	for i := range groups {
		g := &groups[i]
		g.Every = faster(g.Every, times)
		g.Rules = slices.Clone(g.Rules)
		for j := range g.Rules {
			r := &g.Rules[j]
			r.For, r.Keep = faster(r.For, times), faster(r.Keep, times)
			r.Expr = windows.ReplaceAllStringFunc(r.Expr, func(w string) string { return fasterWindow(w, times) })
			if r.Unit == Seconds && r.Threshold >= 60 {
				r.Threshold /= float64(times)
			}
		}
	}
	return groups
}

// faster rounds to whole milliseconds; nothing becomes shorter than one second, which is how often a fast Prometheus looks.
func faster(d time.Duration, times int) time.Duration {
	return max((d / time.Duration(times)).Round(time.Millisecond), time.Second)
}

// windows are durations in an expression: [5m], offset 1w.
var windows = regexp.MustCompile(`(\[|offset )(\d+)([smhdw])`)

var units = map[string]time.Duration{
	"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}

func fasterWindow(window string, times int) string {
	m := windows.FindStringSubmatch(window)
	n, err := strconv.Atoi(m[2])
	if err != nil {
		panic(err) // digits, by the pattern
	}
	d := time.Duration(n) * units[m[3]] / time.Duration(times)
	if m[1] == "[" {
		d = max(d, 5*time.Second) // a rate needs some samples
	}
	return m[1] + strconv.Itoa(int(d.Round(time.Second)/time.Second)) + "s"
}
