package spool

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"time"
)

// A frame is one record on disk:
//
//	marker "SPLf" | checksum uint32 | length uint32 | time int64 (Unix ms) | record
//
// big endian. The checksum (CRC-32C) covers everything behind it. The marker lets a reader find the next frame
// behind a damaged one.
const (
	frameHeader = 20
	// MaxRecord bounds one record.
	MaxRecord = 16 << 20
)

var (
	marker     = []byte("SPLf")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// appendFrame appends the frame of record to buf.
func appendFrame(buf, record []byte, at time.Time) []byte {
	start := len(buf)
	buf = append(buf, marker...)
	buf = append(buf, 0, 0, 0, 0)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(record)))
	buf = binary.BigEndian.AppendUint64(buf, uint64(at.UnixMilli()))
	buf = append(buf, record...)
	binary.BigEndian.PutUint32(buf[start+4:], crc32.Checksum(buf[start+8:], castagnoli))
	return buf
}

// frame is a decoded frame. record aliases the bytes it was decoded from, which start at offset.
type frame struct {
	offset int
	record []byte
	at     time.Time
}

func (f frame) end() int { return f.offset + frameHeader + len(f.record) }

// decodeFrame decodes the frame that starts at offset; it is false when there is no intact one.
func decodeFrame(data []byte, offset int) (frame, bool) {
	b := data[offset:]
	if len(b) < frameHeader || !bytes.Equal(b[:4], marker) {
		return frame{}, false
	}
	length := binary.BigEndian.Uint32(b[8:])
	if length > MaxRecord || int(length) > len(b)-frameHeader {
		return frame{}, false
	}
	b = b[:frameHeader+int(length)]
	if crc32.Checksum(b[8:], castagnoli) != binary.BigEndian.Uint32(b[4:]) {
		return frame{}, false
	}
	return frame{offset, b[frameHeader:], time.UnixMilli(int64(binary.BigEndian.Uint64(b[12:])))}, true
}

// scan gives the intact frames of data from offset on. damaged is the number of bytes that belong to none and have
// an intact frame behind them; tail is the number of bytes behind the last intact frame.
func scan(data []byte, offset int) (frames []frame, damaged, tail int) {
	end := min(offset, len(data))
	for at := end; at < len(data); {
		f, ok := decodeFrame(data, at)
		if ok {
			frames = append(frames, f)
			damaged += at - end
			end = f.end()
			at = end
			continue
		}
		next := bytes.Index(data[at+1:], marker)
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return frames, damaged, len(data) - end
}
