package journey

import (
	"encoding/hex"
	"strings"
)

// MessageID is a message id in the form it is kept in: 16 raw bytes when its text is a UUID in canonical
// lower case, else the text. A text of 16 bytes carries a NUL at its end, which no admitted id has, so that the two
// never meet.
type MessageID string

const packedLen = 16

// PackMessageID gives the kept form of a message id's text.
func PackMessageID(text string) MessageID {
	if len(text) == 36 {
		if id, ok := packUUID(text); ok {
			return MessageID(id[:])
		}
	}
	if len(text) == packedLen {
		return MessageID(text + "\x00")
	}
	return MessageID(text)
}

func packUUID(text string) (id [packedLen]byte, ok bool) {
	at := 0
	for i := 0; i < len(text); {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if text[i] != '-' {
				return id, false
			}
			i++
			continue
		}
		hi, lo := nibble(text[i]), nibble(text[i+1])
		if hi > 15 || lo > 15 {
			return id, false
		}
		id[at] = hi<<4 | lo
		at++
		i += 2
	}
	return id, true
}

func nibble(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

// AppendText appends the message id's text.
func (m MessageID) AppendText(b []byte) []byte {
	if len(m) != packedLen {
		return append(b, strings.TrimSuffix(string(m), "\x00")...)
	}
	raw := []byte(m)
	for i, part := range [...][]byte{raw[0:4], raw[4:6], raw[6:8], raw[8:10], raw[10:16]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// Text gives the message id as it was sent.
func (m MessageID) Text() string { return string(m.AppendText(nil)) }

// Compare orders message ids as their texts are ordered.
func (m MessageID) Compare(other MessageID) int {
	if len(m) == packedLen && len(other) == packedLen {
		return strings.Compare(string(m), string(other))
	}
	if len(m) != packedLen && len(other) != packedLen {
		return strings.Compare(strings.TrimSuffix(string(m), "\x00"), strings.TrimSuffix(string(other), "\x00"))
	}
	return strings.Compare(m.Text(), other.Text())
}
