package sqlhttp

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
	"github.com/throughline/throughline/deploy/embedded/engine/internal/sqltext"
)

const maxText = 16 << 20 // bytes of a statement; the engine's max_query_size is usually smaller

// statement is what will be run.
type statement struct {
	sql    string
	query  sqltext.Query
	class  chdb.Class
	inside *os.File // data of an INSERT
}

// statement reads the whole body and refuses what cannot be asked over HTTP.
func (s *Server) statement(q *query) (*statement, error) {
	head, err := q.text.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, broken(err)
	}
	if in, ok := sqltext.ParseInsert(head); ok {
		return s.insert(q, in)
	}
	text, err := io.ReadAll(io.LimitReader(q.text, maxText))
	if err != nil {
		return nil, broken(err)
	}
	st := &statement{sql: strings.TrimSpace(string(text))}
	if st.sql == "" {
		return nil, exception(62, "SYNTAX_ERROR", "Empty query")
	}
	st.query = sqltext.ParseQuery(st.sql)
	return st, s.classify(q, st)
}

// classify asks the engine's parser what the statement would do.
func (s *Server) classify(q *query, st *statement) error {
	s.kill.Lock()
	analysis, err := s.kill.conn.Classify(st.sql)
	if err == nil && analysis.Statements == 0 {
		err = s.syntax(st.sql)
	}
	s.kill.Unlock()
	if err != nil {
		return err
	}
	st.class = analysis.Class
	switch {
	case q.reader && (analysis.Statements != 1 || st.class != chdb.ReadOnly):
		return exception(164, "READONLY", "reader: Cannot execute query in readonly mode")
	case analysis.Statements > 1:
		return exception(62, "SYNTAX_ERROR", "Multi-statements are not allowed")
	case st.query.Outfile:
		return exception(36, "BAD_ARGUMENTS", "INTO OUTFILE is not allowed over HTTP")
	case q.get && analysis.Statements == 1 && st.class != chdb.ReadOnly:
		return exception(164, "READONLY", "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries")
	}
	return nil
}

// syntax gives the error for a text that did not parse. It must not be found by running the text:
// the engine would run the statements before the bad one.
func (s *Server) syntax(sql string) error {
	result, err := s.kill.conn.Query("SELECT formatQuery({q:String})", "Null", []chdb.Param{{Name: "q", Value: escape(sql)}})
	if err != nil {
		return err
	}
	result.Free()
	return exception(62, "SYNTAX_ERROR", "The statement cannot be parsed")
}

// insert puts the data where the engine can read it: inline data would be cut at line ends.
func (s *Server) insert(q *query, in sqltext.Insert) (*statement, error) {
	switch {
	case in.Infile:
		return nil, exception(36, "BAD_ARGUMENTS", "FROM INFILE is not allowed over HTTP")
	case q.reader, q.get:
		return nil, exception(164, "READONLY", "Cannot execute query in readonly mode")
	}
	if _, err := q.text.Discard(in.Data); err != nil {
		return nil, broken(err)
	}
	file, path, err := s.spool(q.text)
	if err != nil {
		return nil, err
	}
	q.closers = append(q.closers, file)
	return &statement{sql: in.Before + " FROM INFILE '" + path + "' " + in.After, class: chdb.Mutating, inside: file}, nil
}

// broken is the error for a body that could not be read.
func broken(err error) error {
	var thrown *chdb.Error
	if errors.As(err, &thrown) {
		return err
	}
	return exception(33, "CANNOT_READ_ALL_DATA", "the request's body cannot be read: %v", err)
}
