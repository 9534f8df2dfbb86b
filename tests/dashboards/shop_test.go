package dashboards

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"
	"time"
)

// shopSQL fills the tables with a shop of customers whose touches follow from hashes of their numbers.
//
//go:embed testdata/shop.sql
var shopSQL string

// shopEnd is when the shop's last touch may have been; shopDays the days before it that it was open.
var shopEnd = time.Now().UTC().Truncate(time.Hour)

const shopDays = 90

// chunk is how many customers are made at a time: what one INSERT … SELECT holds in memory is bounded.
const chunk = 100_000

// fillShop fills the tables of an engine with about ten touchpoints for each customer, of sites shop and outlet.
func fillShop(t testing.TB, addr string, customers int) {
	t.Helper()
	for first := 0; first < customers; first += chunk {
		count := min(chunk, customers-first)
		sql := strings.NewReplacer("CUSTOMERS", fmt.Sprint(customers), "DAYS", fmt.Sprint(shopDays), "END", fmt.Sprint(shopEnd.Unix()),
			"FIRST", fmt.Sprint(first), "COUNT", fmt.Sprint(count),
			"CHUNK", fmt.Sprintf("toUInt32(substring(customer_id, 10)) BETWEEN %d AND %d", first+1, first+count)).Replace(shopSQL)
		for statement := range strings.SplitSeq(sql, ";\n") {
			query(t, addr, statement)
		}
	}
}

// settle merges the months before this one into one part each, as the store does by itself an hour after the last write to them.
func settle(t testing.TB, addr string) {
	t.Helper()
	now := shopEnd.Format("200601")
	for _, row := range query(t, addr, "SELECT DISTINCT table, partition FROM system.parts WHERE active AND database = 'throughline' AND partition != 'tuple()'").Data {
		if month := row["partition"].(string); month < now {
			query(t, addr, fmt.Sprintf("OPTIMIZE TABLE throughline.%s PARTITION %s FINAL", row["table"], month))
		}
	}
}
