package stages

import (
	"fmt"
	"strings"
)

// glob is a compiled path pattern. Patterns and paths are lists of segments; empty segments do not count, so
// a trailing slash changes nothing. ASCII letter case does not count.
type glob struct{ segments []segment }

type segment struct {
	text string // folded
	deep bool   // "**": any number of segments
	wild bool   // has a star that stands for any run of characters
}

// parseGlob reads a pattern such as "/", "/pricing", "/*/blog/**" or "/**/thank-you*".
func parseGlob(pattern string) (glob, error) {
	if !strings.HasPrefix(pattern, "/") {
		return glob{}, fmt.Errorf("path %q does not begin with /", pattern)
	}
	if strings.ContainsAny(pattern, "?#") {
		return glob{}, fmt.Errorf("path %q has a query or fragment, which paths do not have", pattern)
	}
	var g glob
	for text := range strings.SplitSeq(pattern, "/") {
		if text == "" {
			continue
		}
		if strings.Contains(text, "**") && text != "**" {
			return glob{}, fmt.Errorf("path %q: ** stands for whole segments, as in /a/**/b", pattern)
		}
		g.segments = append(g.segments, segment{text: lowerASCII(text), deep: text == "**", wild: strings.Contains(text, "*")})
	}
	return g, nil
}

func lowerASCII(text string) string {
	b := []byte(text)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}

// match tries the pattern on a path. On a mismatch it goes back to the last "**" only, which is enough and keeps it
// from taking exponential time.
func (g glob) match(path string) bool {
	path = barePath(path)
	if path == "" {
		return false // no page, not even the root
	}
	p, deep, after := 0, -1, ""
	for {
		seg, rest, more := nextSegment(path)
		switch {
		case p < len(g.segments) && g.segments[p].deep:
			deep, after = p, path
			p++
		case !more:
			return p == len(g.segments)
		case p < len(g.segments) && g.segments[p].match(seg):
			p, path = p+1, rest
		case deep >= 0:
			_, after, _ = nextSegment(after)
			p, path = deep+1, after
		default:
			return false
		}
	}
}

// match is the same walk over the characters of one segment.
func (s segment) match(text string) bool {
	if !s.wild {
		return equalFolded(s.text, text)
	}
	p, t, star, after := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(s.text) && s.text[p] == '*':
			star, after = p, t
			p++
		case p < len(s.text) && s.text[p] == lower(text[t]):
			p, t = p+1, t+1
		case star >= 0:
			after++
			p, t = star+1, after
		default:
			return false
		}
	}
	return strings.Trim(s.text[p:], "*") == ""
}

// equalFolded compares a folded text with any text.
func equalFolded(folded, text string) bool {
	if len(folded) != len(text) {
		return false
	}
	for i := range len(folded) {
		if folded[i] != lower(text[i]) {
			return false
		}
	}
	return true
}

// nextSegment cuts the first segment off; more is false when there is none.
func nextSegment(path string) (seg, rest string, more bool) {
	start := 0
	for start < len(path) && path[start] == '/' {
		start++
	}
	if start == len(path) {
		return "", "", false
	}
	if end := strings.IndexByte(path[start:], '/'); end >= 0 {
		return path[start : start+end], path[start+end:], true
	}
	return path[start:], "", true
}

// barePath is the path without query and fragment.
func barePath(path string) string {
	for i := range len(path) {
		if path[i] == '?' || path[i] == '#' {
			return path[:i]
		}
	}
	return path
}
