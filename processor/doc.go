// Package processor takes the topics of touchpoints and rejections from Kafka and gives tables in ClickHouse: the
// touchpoints themselves and the sessions, journeys and stage transitions that they amount to.
//
// For each customer it keeps the set of touches (package state). A batch of records is united with the sets, the rows
// of before and after are built (package journey), and their difference is written (package store). A flush goes, in
// this order: rows into ClickHouse; contributions into Kafka; sets and applied offsets into the state; offsets to the consumer
// group, fenced by its generation. A crash between any two of these replays records whose union changes nothing, and the customers of such
// records are reconciled: what ClickHouse holds of them and Build does not give is tombstoned.
//
// Who an anonymous touch belongs to is decided by the owner of its anonymous id (package identity), from links: records saying that a
// user was seen on it. The owner of each user is told by contributions: "of this day of this anonymous id you have exactly these
// touches". What a user's journeys are made of are the own touches and the latest contributions.
//
// A Rebuild gives stored touchpoints the stages of other rules, and rewrites the rows that change by it, while no processor is at work.
// Whoever takes a partition over afterwards restores it; contributions of before are not taken, for their stages are of before.
package processor
