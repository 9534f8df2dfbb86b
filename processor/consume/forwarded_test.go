package consume

import (
	"encoding/binary"
	"testing"

	"github.com/throughline/throughline/schemas/topics"
)

// TestForwardedIsRead reads a record's headers: that of one that was passed on has a mark without a value.
func TestForwardedIsRead(t *testing.T) {
	header := func(key string) []byte {
		b := binary.AppendVarint(nil, 1)
		b = binary.AppendVarint(b, int64(len(key)))
		return binary.AppendVarint(append(b, key...), -1)
	}
	for key, want := range map[string]bool{topics.HeaderForwarded: true, topics.HeaderTrace: false, "other": false} {
		var o Fetched
		var r Record
		o.headers(&r, &fields{rest: header(key)})
		if r.Forwarded != want {
			t.Errorf("a record with the header %s: forwarded %t, want %t", key, r.Forwarded, want)
		}
	}
}
