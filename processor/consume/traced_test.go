package consume

import (
	"testing"

	"github.com/segmentio/kafka-go/compress"
)

func TestTracesOfRecordsAreRead(t *testing.T) {
	var f Fetched
	if err := f.read(encoded(t, 10, 6, compress.None), 12); err != nil {
		t.Fatal(err)
	}
	if len(f.Traced) != 4 || f.Traced[0].Offset != 12 || f.Traced[0].Parent != "00-01" || f.Traced[0].Time.IsZero() {
		t.Fatalf("%+v", f.Traced)
	}
	if first := f.TakeTraced(14); len(first) != 2 || first[1].Offset != 13 {
		t.Errorf("before 14: %+v", first)
	}
	if rest := f.TakeTraced(100); len(rest) != 2 || rest[0].Offset != 14 || len(f.Traced) != 0 {
		t.Errorf("then %+v, left %+v", rest, f.Traced)
	}
}
