// Package topics takes nothing and gives the Kafka topics of the pipeline: their names, their settings and
// which partition a bucket lives in.
package topics

import (
	"encoding/binary"
	"strconv"
	"time"
)

// Names carry the version of the value's schema.
const (
	Touchpoints = "touchpoints.v1"
	Rejected    = "rejected.v1"
)

// HeaderTrace is the record header with the W3C traceparent of whoever sent a touchpoint and traces it.
const HeaderTrace = "traceparent"

// HeaderForwarded is the record header of what a processor has passed on, because it lay in another partition than its
// bucket's. It has no value.
const HeaderForwarded = "throughline-forwarded"

// Topic is one topic with the settings it is created with.
type Topic struct {
	Name string
	// Keyed topics are partitioned by bucket and all have the same number of partitions.
	Keyed    bool
	Settings map[string]string
}

// All lists the topics. Retention is the recovery log's length: ClickHouse can be restored from it.
func All() []Topic {
	return []Topic{
		{Name: Touchpoints, Keyed: true, Settings: settings(7 * 24 * time.Hour)},
		{Name: Rejected, Settings: settings(14 * 24 * time.Hour)},
	}
}

func settings(retention time.Duration) map[string]string {
	return map[string]string{
		"cleanup.policy":         "delete",
		"retention.ms":           strconv.FormatInt(retention.Milliseconds(), 10),
		"max.message.bytes":      strconv.Itoa(MaxMessageBytes),
		"message.timestamp.type": "CreateTime",
	}
}

// MaxMessageBytes bounds one record batch; one event is at most 32 KB, so a batch always has room.
const MaxMessageBytes = 8 << 20

// Partition maps a bucket to its partition: bucket mod partitions.
func Partition(bucket uint16, partitions int) int32 {
	return int32(int(bucket) % partitions)
}

// Key is the Kafka key of a bucket: two bytes, big endian.
func Key(bucket uint16) []byte {
	return binary.BigEndian.AppendUint16(nil, bucket)
}

// Bucket is the bucket of a Kafka key, 0 for a key that is none.
func Bucket(key []byte) uint16 {
	if len(key) != 2 {
		return 0
	}
	return binary.BigEndian.Uint16(key)
}
