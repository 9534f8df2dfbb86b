package dashboards

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/dashboards"
)

// view is how somebody looks at the dashboards: a time range and choices.
type view struct {
	dashboards.Range
	choices dashboards.Variables
}

// days is the view of some days up to now, in points of an hour or a day.
func days(n int, choices dashboards.Variables) view {
	v := view{dashboards.Range{From: shopEnd.AddDate(0, 0, -n), To: shopEnd.Add(2 * time.Hour), Interval: time.Hour}, choices}
	if n > 7 {
		v.Interval = 24 * time.Hour
	}
	return v
}

// with adds a choice.
func (v view) with(name string, values ...string) view {
	choices := dashboards.Variables{name: values}
	for other, chosen := range v.choices {
		if other != name {
			choices[other] = chosen
		}
	}
	return view{v.Range, choices}
}

// panel asks what a panel asks.
func panel(t testing.TB, addr, name string, v view) table {
	t.Helper()
	return query(t, addr, expanded(t, name, v))
}

func expanded(t testing.TB, name string, v view) string {
	t.Helper()
	dashboard, file, _ := strings.Cut(name, "/")
	sql, ok := dashboards.SQL(dashboard, file)
	if !ok {
		t.Fatalf("no query %s", name)
	}
	sql, err := dashboards.Expand(sql, v.Range, v.choices)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return sql
}

// everyPanel asks every query, and tells of those without an answer, but for those that may have none.
func everyPanel(t *testing.T, addr string, v view, mayBeEmpty ...string) {
	t.Helper()
	empty := map[string]bool{}
	for _, name := range mayBeEmpty {
		empty[name] = true
	}
	for _, q := range dashboards.Queries() {
		name := q.Dashboard + "/" + q.Panel
		answer := panel(t, addr, name, v)
		if rows := len(answer.Data); (rows == 0) != empty[name] {
			t.Errorf("%s has %d rows, choices %v", name, rows, v.choices)
		}
		for _, column := range answer.Meta {
			if strings.HasPrefix(column.Type, "Array") || strings.HasPrefix(column.Type, "Tuple") || strings.Contains(column.Type, "Decimal") {
				t.Errorf("%s: Grafana cannot show the column %s of type %s", name, column.Name, column.Type)
			}
		}
	}
}

// numbers gives a column as whole numbers in one text.
func (a table) numbers(column string) string {
	var out []string
	for _, row := range a.Data {
		out = append(out, fmt.Sprint(row[column]))
	}
	return strings.Join(out, " ")
}

// sum adds a column up.
func (a table) sum(columns ...string) (total float64) {
	for _, row := range a.Data {
		for _, column := range columns {
			total += row[column].(float64)
		}
	}
	return total
}

// one gives a column of the only row.
func (a table) one(t *testing.T, column string) any {
	t.Helper()
	if len(a.Data) != 1 {
		t.Fatalf("%d rows", len(a.Data))
	}
	return a.Data[0][column]
}
