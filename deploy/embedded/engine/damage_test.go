package engine

import (
	"testing"
	"time"
)

func TestWhatIsDamage(t *testing.T) {
	const part = "Empty marks file '/data/store/a5c/a5c59f/all_1_2_1/c.cmrk2': 0, must be: 48"
	for _, c := range []struct {
		code     int
		text     string
		patience time.Duration
		want     bool
	}{
		{246, part, 0, true},
		{246, part, time.Hour, false},
		{40, "Checksum doesn't match: /data/store/a5c/a5c59f/all_1_2_1/c.bin", 0, false},
		{33, "Cannot read all data. Bytes read: 3. Bytes expected: 8", 0, false},
		{33, "Cannot read all data: (in file/uri /data/bodies/insert-1)", 0, false},
		{33, "Cannot read all data: (while reading from part /data/store/a5c/a5c59f/all_1_2_1/)", 0, true},
	} {
		r := newRepairs("/data", c.patience)
		r.look(c.code, c.text)
		if got := len(r.due) > 0; got != c.want {
			t.Errorf("%d %s: repair %v, want %v", c.code, c.text, got, c.want)
		}
	}
}
