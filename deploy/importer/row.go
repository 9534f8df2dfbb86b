package importer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// row is one row as its reader gives it; valid until the next is read.
type row struct {
	// number counts rows from 1, the CSV header and blank lines left out.
	number int64
	// values by the index of their column.
	values []string
	// kinds holds for NDJSON the JSON kind of each value ('"', '0', 't', 'f', '{', '['; 0 when absent); nil for CSV.
	kinds []byte
	// line is the text of an NDJSON row.
	line []byte
}

// identity appends a UUID (version 8) that only the row's content decides.
func (r *row) identity(dst, scratch []byte) ([]byte, []byte) {
	content := r.line
	if r.kinds == nil {
		scratch = scratch[:0]
		for _, value := range r.values {
			// The length keeps ("ab", "c") apart from ("a", "bc").
			scratch = binary.AppendUvarint(scratch, uint64(len(value)))
			scratch = append(scratch, value...)
		}
		content = scratch
	}
	sum := sha256.Sum256(content)
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	for i, end := range [...]int{4, 6, 8, 10, 16} {
		start := [...]int{0, 4, 6, 8, 10}[i]
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, sum[start:end])
	}
	return dst, scratch
}

// Problem is one refused row, a line of FILE.rejected.ndjson.
type Problem struct {
	// Row counts from 1, the CSV header left out.
	Row       int64  `json:"row"`
	MessageID string `json:"message_id,omitempty"`
	// Reason is the collector's, or not_csv, not_json, invalid_value, too_large where the row could not be converted.
	Reason string `json:"reason"`
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Reasons of the importer's own.
const (
	reasonNotCSV   = "not_csv"
	reasonNotJSON  = "not_json"
	reasonInvalid  = "invalid_value"
	reasonTooLarge = "too_large"
)

// Error makes a problem an error on its way from a reader.
func (p *Problem) Error() string { return p.Reason + ": " + p.Detail }
