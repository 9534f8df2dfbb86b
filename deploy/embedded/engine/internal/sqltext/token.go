// Package sqltext takes the text of a ClickHouse statement and tells where its parts lie: the
// FORMAT clause of a query, and where an INSERT ends and its data begins. It reads tokens, not
// grammar: what a statement may do is decided by the engine's own parser.
package sqltext

import (
	"bytes"
	"strings"
)

// kind of a token.
type kind int

const (
	end kind = iota
	word
	quoted // identifier in backticks or double quotes
	literal
	number
	sign // any other single byte
)

// token is text[start:end], at a depth of brackets (that of the outside for the brackets).
type token struct {
	kind       kind
	start, end int
	depth      int
}

// lexer reads tokens from text, which may be cut off or be followed by any bytes.
type lexer struct {
	text  []byte
	pos   int
	depth int
}

// next gives the following token, past blanks and comments.
func (l *lexer) next() token {
	l.skip()
	t := token{start: l.pos, depth: l.depth}
	if l.pos >= len(l.text) {
		t.end = l.pos
		return t
	}
	switch c := l.text[l.pos]; {
	case isWord(c) && !isDigit(c):
		t.kind = word
		l.run(isWord)
		if l.heredoc(t.start) {
			t.kind = literal
		}
	case isDigit(c):
		t.kind = number
		l.run(func(c byte) bool { return isWord(c) || c == '.' })
	case c == '\'':
		t.kind = literal
		l.quote(c)
	case c == '`' || c == '"':
		t.kind = quoted
		l.quote(c)
	default:
		t.kind = sign
		l.bracket(c, &t)
	}
	t.end = l.pos
	return t
}

// bracket takes one byte and keeps the depth.
func (l *lexer) bracket(c byte, t *token) {
	l.pos++
	switch c {
	case '(', '[', '{':
		l.depth++
	case ')', ']', '}':
		l.depth--
		t.depth = l.depth
	}
}

// skip passes blanks and comments.
func (l *lexer) skip() {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n' || rest[0] == '\r' || rest[0] == '\f' || rest[0] == '\v':
			l.pos++
		case bytes.HasPrefix(rest, []byte("--")), bytes.HasPrefix(rest, []byte("#!")), bytes.HasPrefix(rest, []byte("# ")):
			l.until("\n")
		case bytes.HasPrefix(rest, []byte("/*")):
			l.pos += 2
			l.until("*/")
		default:
			return
		}
	}
}

// until moves behind the next occurrence of mark, or to the end.
func (l *lexer) until(mark string) {
	if i := bytes.Index(l.text[l.pos:], []byte(mark)); i >= 0 {
		l.pos += i + len(mark)
		return
	}
	l.pos = len(l.text)
}

// run passes bytes while they satisfy want.
func (l *lexer) run(want func(byte) bool) {
	for l.pos < len(l.text) && want(l.text[l.pos]) {
		l.pos++
	}
}

// heredoc passes the rest of $tag$ … $tag$ when the word from start is such a tag.
func (l *lexer) heredoc(start int) bool {
	tag := l.text[start:l.pos]
	if len(tag) < 2 || tag[0] != '$' || bytes.IndexByte(tag[1:], '$') < 0 {
		return false
	}
	tag = tag[:bytes.IndexByte(tag[1:], '$')+2]
	l.pos = start + len(tag)
	l.until(string(tag))
	return true
}

// quote passes a quoted text; a backslash or a doubled quote escapes.
func (l *lexer) quote(mark byte) {
	for l.pos++; l.pos < len(l.text); l.pos++ {
		switch l.text[l.pos] {
		case '\\':
			l.pos++
		case mark:
			if l.pos+1 < len(l.text) && l.text[l.pos+1] == mark {
				l.pos++
				continue
			}
			l.pos++
			return
		}
	}
	l.pos = len(l.text)
}

// is tells whether t is the keyword.
func (l *lexer) is(t token, keyword string) bool {
	return t.kind == word && strings.EqualFold(string(l.text[t.start:t.end]), keyword)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 0x80
}
