// Package delivery takes encoded records and makes them durable: in Kafka, acknowledged by all replicas, or in the disk
// spool while Kafka is away; what was spooled goes on to Kafka later. It returns only when one of the two has happened.
package delivery

import "errors"

// Record is one Kafka record.
type Record struct {
	Partition  int32
	Key, Value []byte
}

// ErrOverloaded says that there is more in flight than the producer may hold: slow down and send again.
var ErrOverloaded = errors.New("too much in flight")
