package api

import (
	"encoding/binary"
	"math/bits"
)

// The scan finds where JSON values end. It checks brackets and strings only: whether a value is valid is for admission.

const (
	ones   = 0x0101010101010101
	tops   = 0x8080808080808080
	quotes = '"' * ones
	slants = '\\' * ones
)

// zeroBytes marks the lowest zero byte of x by its top bit; higher marks may be false.
func zeroBytes(x uint64) uint64 { return (x - ones) &^ x & tops }

// skipString takes the index after an opening quote and gives the index after the closing one, -1 when there is none.
func skipString(b []byte, i int) int {
	for i+8 <= len(b) {
		word := binary.LittleEndian.Uint64(b[i:])
		hit := zeroBytes(word^quotes) | zeroBytes(word^slants)
		if hit == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(hit) >> 3
		if b[i] == '"' {
			return i + 1
		}
		i += 2
	}
	for i < len(b) {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
		i++
	}
	return -1
}

// skipValue gives the index after the value that begins at i, -1 when it does not end or there is none.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		return skipString(b, i+1)
	case '{', '[':
		return skipNested(b, i+1)
	}
	return skipScalar(b, i)
}

// skipNested takes the index after an opening bracket and gives the one after its closing bracket.
func skipNested(b []byte, i int) int {
	depth := 1
	for i < len(b) {
		c := b[i]
		i++
		switch c {
		case '"':
			if i = skipString(b, i); i < 0 {
				return -1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func skipScalar(b []byte, i int) int {
	from := i
	for i < len(b) {
		switch b[i] {
		case ',', ']', '}', ':', '[', '{', '"', ' ', '\t', '\r', '\n':
			if i == from {
				return -1
			}
			return i
		}
		i++
	}
	return i
}

// skipSpace gives the index of the first byte at or after i that is not JSON white space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}
