package spool

import (
	"bytes"
	"testing"
	"time"
)

// FuzzScan wants every byte of any file accounted for, and each frame found to be one that appendFrame writes.
func FuzzScan(f *testing.F) {
	at := time.UnixMilli(1_700_000_000_000)
	two := appendFrame(appendFrame(nil, []byte("first"), at), nil, at)
	f.Add([]byte{}, 0)
	f.Add(two, 0)
	f.Add(two[:len(two)-3], 25)
	f.Add(append([]byte("SPLfSPLf"), two...), 0)
	f.Fuzz(func(t *testing.T, data []byte, offset int) {
		offset = max(0, min(offset, len(data)))
		frames, damaged, tail := scan(data, offset)
		sum, end := damaged+tail, offset
		for _, frame := range frames {
			again := appendFrame(nil, frame.record, frame.at)
			if !bytes.Equal(again, data[frame.offset:frame.end()]) {
				t.Errorf("frame at %d is not what was written", frame.offset)
			}
			if frame.offset < end {
				t.Errorf("frame at %d overlaps one that ends at %d", frame.offset, end)
			}
			sum, end = sum+len(again), frame.end()
		}
		if sum != len(data)-offset {
			t.Errorf("%d of %d bytes accounted for", sum, len(data)-offset)
		}
	})
}
