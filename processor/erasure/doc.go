// Package erasure takes what was erased of whom, known by salted hashes, and tells of a record whether it belongs to that: so
// what was erased does not come back when Kafka is replayed or a spool is drained late. The hashes hold no id; who has an
// id can ask for it. The package does no I/O.
package erasure
