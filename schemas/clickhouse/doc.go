// Package clickhouse takes numbered SQL templates and gives the tables and views of the store: rendered for a
// single node or for a cluster, and applied, each once, through a connection that the caller brings.
package clickhouse
