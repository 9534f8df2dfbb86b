package live

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestParseFilter(t *testing.T) {
	for query, want := range map[string]string{
		"":                                      "range=90d",
		"range=24h":                             "range=24h",
		"channel=b&channel=a&site=":             "channel=a&channel=b&range=90d",
		"from=100&to=200&range=1h":              "from=100&to=200",
		"device=x&unknown=y":                    "device=x&range=90d",
		"campaign=" + url.QueryEscape("' OR 1"): "campaign=%27+OR+1&range=90d",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ParseFilter(values)
		if err != nil || f.text != want {
			t.Errorf("%s: %q %v, want %q", query, f.text, err, want)
		}
	}
}

func TestParseFilterRefuses(t *testing.T) {
	for _, query := range []string{
		"range=2h", "from=1", "to=1", "from=5&to=5", "from=9&to=3", "from=-1&to=3", "from=0&to=99999999999", "from=x&to=y", "from=0&to=1e9",
		"site=" + strings.Repeat("x", mostLetters+1), strings.Repeat("site=x&", mostValues+1),
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := ParseFilter(values); err == nil {
			t.Errorf("%.40s: accepted as %q", query, f.text)
		}
	}
}

func TestFilterWindow(t *testing.T) {
	now := time.Unix(10_000_000, 0)
	f, _ := ParseFilter(url.Values{"range": {"24h"}})
	if w := f.window(now); w.To != now || now.Sub(w.From) != 24*time.Hour || w.Interval != 24*time.Minute {
		t.Errorf("24h: %+v", w)
	}
	f, _ = ParseFilter(url.Values{"from": {"100"}, "to": {"130"}})
	if w := f.window(now); w.From.Unix() != 100 || w.To.Unix() != 130 || w.Interval != time.Second {
		t.Errorf("fixed ends: %+v", w)
	}
}

func TestFilterSitesOnly(t *testing.T) {
	for query, want := range map[string]bool{"": true, "site=a": true, "channel=a": false, "site=a&country=DE": false} {
		values, _ := url.ParseQuery(query)
		f, err := ParseFilter(values)
		if err != nil || f.sitesOnly() != want {
			t.Errorf("%q: %v %v", query, f.sitesOnly(), err)
		}
	}
}

// TestQuestionsExpand asks for nothing: every question must be there and expand, whatever the values of the filter hold.
func TestQuestionsExpand(t *testing.T) {
	f, err := ParseFilter(url.Values{"site": {`a'b\`}, "channel": {"$__timeFilter(x)", "${site:singlequote}"}})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := own.ReadDir("sql")
	if err != nil || len(entries) == 0 {
		t.Fatal(err)
	}
	all := append([]question{}, charts...)
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), ".sql")
		all = append(all, question{name, "", name})
	}
	for _, panel := range []string{"summary", "journeys", "timeline"} {
		all = append(all, question{panel, "customer", panel})
	}
	for _, q := range all {
		sql, err := q.sql(f, time.Unix(1e9, 0))
		if err != nil {
			t.Errorf("%+v: %v", q, err)
		}
		if strings.Contains(sql, "${site") && !strings.Contains(sql, "'${site:singlequote}'") {
			t.Errorf("%+v: a value was expanded again:\n%s", q, sql)
		}
		if strings.Contains(sql, "a'b") {
			t.Errorf("%+v: a quote is not escaped:\n%s", q, sql)
		}
	}
}
