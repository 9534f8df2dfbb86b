package dashboards_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/dashboards"
)

var hour = dashboards.Range{From: time.Unix(1700000000, 5e8), To: time.Unix(1700003600, 0), Interval: 90 * time.Second}

func TestExpand(t *testing.T) {
	v := dashboards.Variables{
		"one": {"a"}, "two": {"a", "b"}, "all": {"a", "$__all"}, "none": {}, "blank": {""}, "blanks": {"", "a"}, "sly": {`\') OR 1=1 --`}, "macro": {"$__fromTime ${one:singlequote}"},
	}
	for in, want := range map[string]string{
		"SELECT 1":                    "SELECT 1",
		"$__timeFilter(at)":           "at >= toDateTime(1700000000) AND at <= toDateTime(1700003600)",
		"$__timeFilter_ms(at)":        "at >= fromUnixTimestamp64Milli(1700000000500) AND at <= fromUnixTimestamp64Milli(1700003600000)",
		"$__dateFilter(day)":          "day >= toDate('2023-11-14') AND day <= toDate('2023-11-14')",
		"$__fromTime - $__toTime":     "toDateTime(1700000000) - toDateTime(1700003600)",
		"$__timeInterval(f(at, 'x'))": "toStartOfInterval(toDateTime(f(at, 'x')), INTERVAL 90 second)",
		"$__interval_s":               "90",
		"${one:singlequote}":          "'a'",
		"${two:singlequote}":          "'a','b'",
		"${absent:singlequote}":       "''",
		"${sly:singlequote}":          `'\\\') OR 1=1 --'`,
		"${macro:singlequote}":        "'$__fromTime ${one:singlequote}'",
		"$__conditionalAll(f(x) IN (${two:singlequote}), $two)":    "f(x) IN ('a','b')",
		"$__conditionalAll(x IN (${one:singlequote}),$one) AND y":  "x IN ('a') AND y",
		"$__conditionalAll(x IN (${all:singlequote}), $all)":       "1=1",
		"$__conditionalAll(x IN (${none:singlequote}), $none)":     "1=1",
		"$__conditionalAll(x IN (${blank:singlequote}), $blank)":   "1=1",
		"$__conditionalAll(x IN (${blanks:singlequote}), $blanks)": "x IN ('','a')",
		"$__conditionalAll(x IN (${absent:singlequote}), $absent)": "1=1",
	} {
		if got, err := dashboards.Expand(in, hour, v); err != nil || got != want {
			t.Errorf("%s\n gives %s, %v\n  want %s", in, got, err, want)
		}
	}
}

func TestExpandRefuses(t *testing.T) {
	for _, in := range []string{
		"$site", "${site}", "${site:csv}", "$__table", "$__timeGroup(at)", "$__timeFilter(at", "$__timeFilter at", "$__timeFilter(a, b)",
		"$__conditionalAll(x)", "$__conditionalAll(x, 'y')", "$__conditionalAll(x, $a, $b)", "costs 5$",
	} {
		if got, err := dashboards.Expand(in, hour, nil); err == nil {
			t.Errorf("%s gives %s", in, got)
		}
	}
}

// TestValuesStayInside looks whether any value can leave its quotes, by reading literals as ClickHouse does.
func TestValuesStayInside(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	pieces := []string{`\`, `'`, `''`, `"`, "`", ")", ",", "\x00", "\n", "--", "/*", "$__all", "${a:singlequote}", "x", "é", "{b:String}", ";"}
	for range 5000 {
		var value strings.Builder
		for range random.IntN(8) {
			value.WriteString(pieces[random.IntN(len(pieces))])
		}
		if value.String() == "" || value.String() == "$__all" {
			continue
		}
		sql, err := dashboards.Expand("${a:singlequote}", hour, dashboards.Variables{"a": {value.String()}})
		if err != nil {
			t.Fatal(err)
		}
		if got, rest := literal(sql); rest != "" || got != value.String() {
			t.Fatalf("seed %d: %q became %s, which reads as %q and then %q", seed, value.String(), sql, got, rest)
		}
	}
}

// literal reads a string literal from the front of a text, and gives its value and what follows.
func literal(sql string) (value, rest string) {
	var out strings.Builder
	for i := 1; i < len(sql); i++ {
		switch sql[i] {
		case '\'':
			return out.String(), sql[i+1:]
		case '\\':
			i++
			if sql[i] == '0' {
				out.WriteByte(0)
				continue
			}
		}
		out.WriteByte(sql[i])
	}
	return "", "unterminated: " + sql
}

func TestQueriesAreFound(t *testing.T) {
	all := dashboards.Queries()
	if len(all) < 50 {
		t.Fatalf("%d queries", len(all))
	}
	for _, q := range all {
		if sql, ok := dashboards.SQL(q.Dashboard, q.Panel); !ok || sql != q.SQL {
			t.Errorf("%s/%s is listed and not found", q.Dashboard, q.Panel)
		}
	}
	if _, ok := dashboards.SQL("journey-funnel", "../customer/summary"); ok {
		t.Error("a name leads out of its folder")
	}
}
