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

// skipString looks at eight bytes at a time: (x-ones)&^x has the top bit of the lowest zero byte of x set, and marks
// above it may be false, so that only the lowest mark counts.
//
// It takes the index after an opening quote and gives the index after the closing one, -1 when there is none.
func skipString(b []byte, i int) int {
	for i+8 <= len(b) {
		word := binary.LittleEndian.Uint64(b[i:])
		q, s := word^quotes, word^slants
		hit := ((q-ones)&^q | (s-ones)&^s) & tops
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

// turns tells how a byte outside strings changes the depth; quote is no change but the begin of a string.
var turns = [256]int8{'{': 1, '[': 1, '}': -1, ']': -1, '"': quote}

const quote = 2

// skipNested takes the index after an opening bracket and gives the one after its closing bracket.
func skipNested(b []byte, i int) int {
	depth := 1
	for i < len(b) {
		turn := turns[b[i]]
		i++
		if turn == 0 {
			continue
		}
		if turn == quote {
			if i = skipString(b, i); i < 0 {
				return -1
			}
			continue
		}
		if depth += int(turn); depth == 0 {
			return i
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
