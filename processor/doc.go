// Package processor takes the topics of touchpoints and rejections from Kafka and gives tables in ClickHouse: the
// touchpoints themselves and the sessions, journeys and stage transitions that they amount to.
//
// For each customer it keeps the set of touches (package state). A batch of records is united with the sets, the rows
// of before and after are built (package journey), and their difference is written (package store). A flush goes, in
// this order: rows into ClickHouse; sets and applied offsets into the state; offsets to the consumer group, fenced by its
// generation. A crash between any two of these replays records whose union changes nothing, and the customers of such
// records are reconciled: what ClickHouse holds of them and Build does not give is tombstoned.
package processor
