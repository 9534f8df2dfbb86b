package sqltext

import "strings"

// Query is a statement without data.
type Query struct {
	Format  string // the name in its FORMAT clause, "" without one
	Outfile bool   // it has INTO OUTFILE
	Select  bool   // it begins as SELECT does: SELECT, WITH, FROM or a bracket
	before  string // up to where INTO OUTFILE belongs
	after   string // from there to the last token
}

// ParseQuery reads a whole statement.
func ParseQuery(sql string) Query {
	l := &lexer{text: []byte(sql)}
	q := Query{}
	first, last, format := true, 0, -1
	var prev, prev2 token
	for t := l.next(); t.kind != end; t = l.next() {
		if first {
			q.Select = l.is(t, "SELECT") || l.is(t, "WITH") || l.is(t, "FROM") || t.kind == sign && sql[t.start] == '('
			first = false
		}
		if t.kind == sign && sql[t.start] == ';' && t.depth == 0 {
			continue // a closing semicolon: the engine refuses it before INTO OUTFILE
		}
		last = t.end
		if t.depth == 0 && l.is(prev, "INTO") && l.is(t, "OUTFILE") {
			q.Outfile = true
		}
		if t.depth == 0 && t.kind == word && l.is(prev, "FORMAT") && prev2.kind != end {
			q.Format, format = sql[t.start:t.end], prev.start
		} else if format >= 0 && !l.settings(format, t) {
			q.Format, format = "", -1 // `format` was an alias or a column
		}
		prev2, prev = prev, t
	}
	cut := last
	if format >= 0 {
		cut = format
	}
	q.before, q.after = sql[:cut], sql[cut:last]
	return q
}

// settings tells whether t may follow a FORMAT clause: the word SETTINGS or anything behind it.
func (l *lexer) settings(format int, t token) bool {
	behind := &lexer{text: l.text[:t.end], pos: format}
	behind.next() // FORMAT
	behind.next() // its name
	return behind.is(behind.next(), "SETTINGS")
}

// IntoOutfile is the statement with its result sent, in the format, to the end of a file.
func (q Query) IntoOutfile(path, format string) string {
	sql := q.before + "\nINTO OUTFILE '" + strings.ReplaceAll(path, "'", "\\'") + "' APPEND "
	if q.Format == "" {
		return sql + "FORMAT " + format
	}
	return sql + q.after
}
