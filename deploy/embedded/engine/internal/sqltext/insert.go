package sqltext

// Insert is an INSERT statement whose data follows its text.
type Insert struct {
	// Before is the text up to where FROM INFILE belongs, After the rest up to the format's name;
	// the whole statement is Before + " FROM INFILE '…' " + After.
	Before, After string
	Data          int  // offset of the first byte of data
	Infile        bool // the statement names a file itself; Before and After are unset
}

// ParseInsert reads the head of a text that may be an INSERT with data behind it. It is false for
// other statements and for an INSERT without a data section (INSERT … SELECT).
func ParseInsert(head []byte) (Insert, bool) {
	l := &lexer{text: head}
	if !l.is(l.next(), "INSERT") {
		return Insert{}, false
	}
	cut := -1
	prev := l.next()
	for t := l.next(); t.kind != end; prev, t = t, l.next() {
		named := prev.kind == sign && head[prev.start] == '.' || l.is(prev, "INTO") || l.is(prev, "TABLE")
		if t.depth != 0 || t.kind != word || named {
			continue
		}
		switch {
		case l.is(t, "SELECT"), l.is(t, "WITH"):
			return Insert{}, false
		case l.is(t, "INFILE"):
			return Insert{Infile: true}, true
		case l.is(t, "SETTINGS") && cut < 0:
			cut = t.start
		case l.is(t, "VALUES"):
			return l.values(cut, t), true
		case l.is(t, "FORMAT"):
			return l.format(cut, t)
		}
	}
	return Insert{}, false
}

// values builds the answer for `… VALUES (…), (…)`.
func (l *lexer) values(cut int, t token) Insert {
	if cut < 0 {
		cut = t.start
	}
	return Insert{Before: string(l.text[:cut]), After: string(l.text[cut:t.start]) + " FORMAT Values", Data: t.end}
}

// format builds the answer for `… FORMAT Name`. Data starts behind the blanks of that line and one
// line end.
func (l *lexer) format(cut int, t token) (Insert, bool) {
	name := l.next()
	if name.kind != word {
		return Insert{}, false
	}
	if cut < 0 {
		cut = t.start
	}
	l.run(func(c byte) bool { return c == ' ' || c == '\t' || c == '\f' })
	for _, c := range []byte("\r\n") {
		if l.pos < len(l.text) && l.text[l.pos] == c {
			l.pos++
		}
	}
	return Insert{Before: string(l.text[:cut]), After: string(l.text[cut:name.end]), Data: l.pos}, true
}
