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

// fillShop fills the tables of an engine with about ten touchpoints for each customer, of sites shop and outlet.
func fillShop(t testing.TB, addr string, customers int) {
	t.Helper()
	sql := strings.NewReplacer("CUSTOMERS", fmt.Sprint(customers), "DAYS", fmt.Sprint(shopDays), "END", fmt.Sprint(shopEnd.Unix())).Replace(shopSQL)
	for statement := range strings.SplitSeq(sql, ";\n") {
		if strings.TrimSpace(statement) != "" {
			query(t, addr, statement)
		}
	}
}
