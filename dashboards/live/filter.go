package live

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/throughline/throughline/dashboards"
)

// spans are the time ranges that end now.
var spans = map[string]time.Duration{
	"1h": time.Hour, "6h": 6 * time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour, "90d": 90 * 24 * time.Hour,
}

const (
	defaultSpan = "90d"
	longest     = 10 * 366 * 24 * time.Hour
	mostValues  = 50  // of one filter
	mostLetters = 512 // of one value
	points      = 60  // of a time series
)

// dimensions are the filters beside the time.
var dimensions = []string{"site", "channel", "campaign", "device", "country"}

// Filter is what a listener looks at. Its text is the same for all who look at the same.
type Filter struct {
	text     string
	span     time.Duration // 0 with fixed ends
	from, to time.Time
	chosen   dashboards.Variables
}

// ParseFilter reads a filter from a query: range=24h (one of 1h, 6h, 24h, 7d, 30d, 90d), or from and to in Unix seconds; site, channel,
// campaign, device and country, each any number of times. What is absent is not filtered.
func ParseFilter(query url.Values) (Filter, error) {
	f := Filter{chosen: dashboards.Variables{}}
	kept := url.Values{}
	if err := f.time(query, kept); err != nil {
		return f, err
	}
	for _, name := range dimensions {
		values := slices.DeleteFunc(slices.Clone(query[name]), func(v string) bool { return v == "" })
		if len(values) == 0 {
			continue
		}
		if len(values) > mostValues || slices.ContainsFunc(values, func(v string) bool { return len(v) > mostLetters }) {
			return f, fmt.Errorf("%s: at most %d values of %d bytes", name, mostValues, mostLetters)
		}
		slices.Sort(values)
		f.chosen[name], kept[name] = values, values
	}
	f.text = kept.Encode()
	return f, nil
}

func (f *Filter) time(query, kept url.Values) error {
	if !query.Has("from") && !query.Has("to") {
		name := query.Get("range")
		if name == "" {
			name = defaultSpan
		}
		if f.span = spans[name]; f.span == 0 {
			return fmt.Errorf("range: %q is none of 1h, 6h, 24h, 7d, 30d, 90d", name)
		}
		kept.Set("range", name)
		return nil
	}
	from, err := strconv.ParseInt(query.Get("from"), 10, 64)
	to, err2 := strconv.ParseInt(query.Get("to"), 10, 64)
	if err != nil || err2 != nil || from < 0 || to <= from || to-from > int64(longest/time.Second) || to > 1<<33 {
		return fmt.Errorf("from and to: want Unix seconds, from before to, at most ten years apart")
	}
	f.from, f.to = time.Unix(from, 0), time.Unix(to, 0)
	kept.Set("from", strconv.FormatInt(from, 10))
	kept.Set("to", strconv.FormatInt(to, 10))
	return nil
}

// window is the time range as of now.
func (f Filter) window(now time.Time) dashboards.Range {
	from, to := f.from, f.to
	if f.span > 0 {
		from, to = now.Add(-f.span), now
	}
	interval := max(time.Second, (to.Sub(from) / points).Round(time.Second))
	return dashboards.Range{From: from, To: to, Interval: interval}
}

// sitesOnly tells whether rows that have a site and nothing else can belong to the filter.
func (f Filter) sitesOnly() bool {
	sites := len(f.chosen["site"])
	return len(f.chosen) == min(sites, 1)
}
