// Package store takes the rows of a flush and gives back only when ClickHouse has them: one columnar INSERT a
// table, touchpoints first. It also reads back what a restart needs: the live keys of customers, and the touches
// of a partition's buckets.
package store
