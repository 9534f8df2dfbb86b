// Package containers takes images of Kafka, ClickHouse and the program and gives a verdict: whether a pipeline of separate
// containers gives the figures that it must, undisturbed and with its containers killed.
//
// KAFKA_IMAGE and CLICKHOUSE_IMAGE name images; "local" stands for ones built from packages alone (deploy/docker/local), which
// is also what is done where an image cannot be pulled. THROUGHLINE_IMAGE names the program's own, which is built otherwise.
package containers
