package store

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/throughline/throughline/schemas/touchpoint"
)

func identityColumns() []column[*Identity] {
	type r = *Identity
	return []column[r]{
		newWord("site", func(i r) string { return i.Site }),
		newText("anonymous_id", func(i r) string { return i.AnonymousID }),
		newText("user_id", func(i r) string { return i.UserID }),
		newMillis("asserted_at", func(i r) int64 { return i.AssertedAt }),
		newWord("source", func(i r) string { return i.Source }),
		newUInt16("bucket", func(i r) uint16 { return i.Bucket }),
		newUInt64("version", func(i r) uint64 { return i.Version }),
		newUInt8("is_deleted", func(i r) uint8 { return deleted(i.Deleted) }),
	}
}

func unlinkColumns() []column[*Unlink] {
	type r = *Unlink
	return []column[r]{
		newWord("site", func(u r) string { return u.Site }),
		newText("anonymous_id", func(u r) string { return u.AnonymousID }),
		newText("user_id", func(u r) string { return u.UserID }),
		newMillis("until", func(u r) int64 { return u.Until }),
		newText("reason", func(u r) string { return u.Reason }),
		newMicros("received_at", func(u r) int64 { return u.ReceivedAt }),
		newUInt16("bucket", func(u r) uint16 { return u.Bucket }),
	}
}

func contributionColumns() []column[*Contribution] {
	type r = *Contribution
	return []column[r]{
		newWord("site", func(c r) string { return c.Site }),
		newText("user_id", func(c r) string { return c.UserID }),
		newText("anonymous_id", func(c r) string { return c.AnonymousID }),
		newUInt32("touches", func(c r) uint32 { return uint32(c.Touches) }),
		newInt32("kafka_partitions", func(c r) int32 { return c.Partitions }),
		newInt64("kafka_offset", func(c r) int64 { return c.Offset }),
		newUInt16("bucket", func(c r) uint16 { return c.Bucket }),
		newUInt64("version", func(c r) uint64 { return c.Version }),
	}
}

func rejectedColumns() []column[*touchpoint.Rejection] {
	type r = *touchpoint.Rejection
	return []column[r]{
		newWord("site", func(j r) string { return j.Site }),
		newID("rejection_id", rejectionID),
		newWord("reason", func(j r) string { return j.Reason }),
		newText("field", func(j r) string { return j.Field }),
		newText("detail", func(j r) string { return j.Detail }),
		newText("message_id", func(j r) string { return j.MessageId }),
		newOctets("raw", func(j r) []byte { return j.Raw }),
		newMicros("received_at", func(j r) int64 { return j.ReceivedAt }),
		newWord("rules_version", func(j r) string { return j.RulesVersion }),
		newWord("component", func(j r) string { return j.Component }),
		newWord("topic", func(j r) string { return j.Topic }),
		newInt32("kafka_partition", func(j r) int32 { return j.Partition }),
		newInt64("kafka_offset", func(j r) int64 { return j.Offset }),
	}
}

// rejectionID names a rejection by what was refused and where it lay, so that writing it again adds nothing.
func rejectionID(r *touchpoint.Rejection) [16]byte {
	h := sha256.New()
	var n [8]byte
	part := func(b []byte) { // length first, so that no two lists of parts look alike
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	for _, s := range []string{r.Site, r.Reason, r.Field, r.MessageId, r.Component, r.Topic} {
		part([]byte(s))
	}
	part(r.Raw)
	for _, v := range []int64{r.ReceivedAt, int64(r.Partition), r.Offset} {
		binary.BigEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	return [16]byte(h.Sum(nil))
}
