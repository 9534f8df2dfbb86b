package importer

import (
	"bytes"
	"testing"
	"time"
)

func TestPlainProgressLines(t *testing.T) {
	var out bytes.Buffer
	report := NewBar(&out, false)
	report(Progress{Bytes: 100, Size: 1000, Rows: 50, Elapsed: time.Second})
	report(Progress{Bytes: 500, Size: 1000, Rows: 1000, Resumed: 400, Accepted: 998, Rejected: 2, Elapsed: 6 * time.Second})
	report(Progress{Bytes: 600, Size: 1000, Rows: 1100, Resumed: 400, Elapsed: 7 * time.Second})
	report(Progress{Bytes: 1000, Size: 1000, Rows: 1500, Resumed: 400, Accepted: 1490, Rejected: 2, Skipped: 8, Elapsed: 10 * time.Second, Done: true})
	want := "50 %  1000 rows  100/s  998 accepted  2 rejected\n" +
		"100 %  1500 rows  110/s  1490 accepted  2 rejected  8 skipped\n"
	if got := out.String(); got != want {
		t.Fatalf("got\n%s", got)
	}
}
