package publish

import (
	"encoding/binary"

	"github.com/throughline/throughline/schemas/topics"
)

// headersSize is what the headers of a record take: the count alone, where there are none.
func headersSize(r *Record) int {
	if r.Trace == "" {
		return 1
	}
	return 1 + varintSize(int64(len(topics.HeaderTrace))) + len(topics.HeaderTrace) + varintSize(int64(len(r.Trace))) + len(r.Trace)
}

func appendHeaders(buf []byte, r *Record) []byte {
	if r.Trace == "" {
		return append(buf, 0)
	}
	buf = binary.AppendVarint(buf, 1)
	buf = binary.AppendVarint(buf, int64(len(topics.HeaderTrace)))
	buf = append(buf, topics.HeaderTrace...)
	buf = binary.AppendVarint(buf, int64(len(r.Trace)))
	return append(buf, r.Trace...)
}
