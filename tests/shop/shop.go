// Package shop takes a number of customers and gives the statements that fill the tables with a shop that they visited, and the
// panels that a dashboard asks when it is opened. Tests and benchmarks of the dashboards ask the same shop.
package shop

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

// template has customers whose touches follow from hashes of their numbers.
//
//go:embed shop.sql
var template string

// Days that the shop is open before its end.
const Days = 90

// chunk is how many customers are made at a time: what one INSERT … SELECT holds in memory is bounded.
const chunk = 100_000

// Fill gives the statements, in order, that fill empty tables with about 10.5 touchpoints for each customer, of sites shop and
// outlet. End is when the last touch may be.
func Fill(customers int, end time.Time) (statements []string) {
	for first := 0; first < customers; first += chunk {
		count := min(chunk, customers-first)
		sql := strings.NewReplacer("CUSTOMERS", fmt.Sprint(customers), "DAYS", fmt.Sprint(Days), "END", fmt.Sprint(end.Unix()),
			"FIRST", fmt.Sprint(first), "COUNT", fmt.Sprint(count),
			"CHUNK", fmt.Sprintf("toUInt32(substring(customer_id, 10)) BETWEEN %d AND %d", first+1, first+count)).Replace(template)
		statements = append(statements, strings.Split(sql, ";\n")...)
	}
	return statements
}

// Partitions is the query for what Settle wants: table and partition of every month before that of the end.
func Partitions(end time.Time) string {
	return "SELECT DISTINCT table, partition FROM system.parts WHERE active AND database = 'throughline' AND partition != 'tuple()' AND partition < '" +
		end.Format("200601") + "'"
}

// Settle gives the statement that merges a month into one part, as the store does by itself an hour after the last write to it.
func Settle(table, partition string) string {
	return fmt.Sprintf("OPTIMIZE TABLE throughline.%s PARTITION %s FINAL", table, partition)
}
