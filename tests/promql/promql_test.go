package promql

import (
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for expr, want := range map[string]string{
		`sum by (site) (rate(throughline_collector_events_total{verdict="accepted", job=~"$job"}[$__rate_interval]))`:                "",
		`histogram_quantile(0.99, sum by (le, route) (rate(throughline_collector_request_seconds_bucket{route="touchpoints"}[5m])))`: "",
		`max(throughline_processor_lag_seconds{instance="${instance:regex}"}) > 60 or vector(0)`:                                     "",
		`rate(throughline_collector_events_total[5m`:                                                                                 "parse error",
		`throughline_collector_nothing_total`:                                                                                        `nothing exports "throughline_collector_nothing_total"`,
		`throughline_collector_events_total{sight="main"}`:                                                                           `no label "sight"`,
		`throughline_collector_events_total_bucket`:                                                                                  "nothing exports",
		`{__name__="throughline_collector_events_total"} + on() {__name__="missing"}`:                                                `nothing exports "missing"`,
	} {
		err := Check(expr)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", expr, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	got, err := Names(`a_total / b > 1 and rate(a_total[$__range])`)
	if err != nil || !slices.Equal(got, []string{"a_total", "b"}) {
		t.Errorf("%v, %v", got, err)
	}
}
