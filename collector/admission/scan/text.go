package scan

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Text is a JSON string without its quotes, still escaped; it aliases the input.
type Text struct {
	raw     []byte
	escaped bool
}

// String gives the string's value: without escapes it aliases the input, else it is decoded into new memory.
// A lone surrogate becomes U+FFFD, as in encoding/json.
func (t Text) String() string {
	if !t.escaped {
		return unsafe.String(unsafe.SliceData(t.raw), len(t.raw))
	}
	return string(unescape(make([]byte, 0, len(t.raw)), t.raw))
}

// Text validates the string that comes next and moves behind it.
func (s *Scanner) Text() (Text, bool) {
	if !s.at('"') {
		if s.space(); !s.at('"') {
			return Text{}, s.fail(Syntax)
		}
	}
	start := s.pos + 1
	escaped := false
	for i := start; ; {
		i = plain(s.data, i)
		if i >= len(s.data) {
			return Text{}, s.fail(Syntax)
		}
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return Text{raw: s.data[start:i:i], escaped: escaped}, true
		case c == '\\':
			n := escapeLength(s.data[i:])
			if n == 0 {
				return Text{}, s.fail(Syntax)
			}
			i, escaped = i+n, true
		case c < ' ':
			return Text{}, s.fail(Syntax)
		default:
			r, n := utf8.DecodeRune(s.data[i:])
			if r == utf8.RuneError && n == 1 {
				return Text{}, s.fail(UTF8)
			}
			i += n
		}
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain gives the offset, at i or behind it, of the first byte that is not plain ASCII text: a quote, a backslash, a
// control character, or part of a longer rune. It looks at eight bytes at a time.
func plain(data []byte, i int) int {
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		found := (w | (w - ones*' ') | (quote - ones) | (slash - ones)) & highs
		if found != 0 {
			// Borrows run upwards only, so the lowest mark is exact.
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(data); i++ {
		if c := data[i]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// escapeLength gives the bytes of the escape that data begins with, 0 when it is none.
func escapeLength(data []byte) int {
	if len(data) < 2 {
		return 0
	}
	switch data[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(data); ok {
			return 6
		}
	}
	return 0
}

// hex4 reads the four digits of the \uXXXX that data begins with.
func hex4(data []byte) (r rune, ok bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	for _, c := range data[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape appends the value of raw, which Text has validated.
func unescape(b, raw []byte) []byte {
	for i := 0; i < len(raw); {
		switch {
		case raw[i] != '\\':
			b = append(b, raw[i])
			i++
		case raw[i+1] != 'u':
			b = append(b, escapes[raw[i+1]])
			i += 2
		default:
			r, _ := hex4(raw[i:])
			i += 6
			if utf16.IsSurrogate(r) {
				low, _ := hex4(raw[i:])
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}
