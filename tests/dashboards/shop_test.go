package dashboards

import (
	"testing"
	"time"

	"github.com/throughline/throughline/tests/shop"
)

// shopEnd is when the shop's last touch may have been; shopDays the days before it that it was open.
var shopEnd = time.Now().UTC().Truncate(time.Hour)

const shopDays = shop.Days

// fillShop fills the tables of an engine with about ten touchpoints for each customer, of sites shop and outlet.
func fillShop(t testing.TB, addr string, customers int) {
	t.Helper()
	for _, statement := range shop.Fill(customers, shopEnd) {
		query(t, addr, statement)
	}
}

// settle merges the months before this one.
func settle(t testing.TB, addr string) {
	t.Helper()
	for _, row := range query(t, addr, shop.Partitions(shopEnd)).Data {
		query(t, addr, shop.Settle(row["table"].(string), row["partition"].(string)))
	}
}
