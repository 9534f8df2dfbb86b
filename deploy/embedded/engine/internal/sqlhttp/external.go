package sqlhttp

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"strings"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
)

const maxForm = 256 << 20 // bytes of one field or file of a form

// external is a table that a request brings along.
type external struct {
	name, structure, format string
	data                    []byte
}

// form reads a multipart body: files are external tables, fields are as if in the URL.
func (q *query) form(body io.Reader, boundary string, values url.Values) error {
	reader := multipart.NewReader(body, boundary)
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return broken(err)
		}
		data, err := io.ReadAll(io.LimitReader(part, maxForm))
		if err != nil {
			return broken(err)
		}
		if !isTable(part, values) {
			values.Set(part.FormName(), string(data))
			continue
		}
		q.external = append(q.external, external{name: part.FormName(), data: data})
	}
	for i := range q.external {
		q.external[i].describe(values)
	}
	return nil
}

// isTable tells a table from an ordinary field: it is a file, or its columns are described.
func isTable(part *multipart.Part, values url.Values) bool {
	name := part.FormName()
	described := values.Has(name+"_structure") || values.Has(name+"_types")
	return name != "query" && (part.FileName() != "" || described || part.Header.Get("Content-Type") == "application/octet-stream")
}

// describe finds the table's columns and format among the values.
func (e *external) describe(values url.Values) {
	e.structure, e.format = values.Get(e.name+"_structure"), values.Get(e.name+"_format")
	if e.format == "" {
		e.format = "TabSeparated"
	}
	if types := values.Get(e.name + "_types"); e.structure == "" && types != "" {
		var columns []string
		for i, kind := range strings.Split(types, ",") {
			columns = append(columns, fmt.Sprintf("_%d %s", i+1, kind))
		}
		e.structure = strings.Join(columns, ", ")
	}
}

// describes tells whether a value of the URL belongs to an external table.
func (q *query) describes(name string) bool {
	for _, e := range q.external {
		if name == e.name+"_structure" || name == e.name+"_format" || name == e.name+"_types" {
			return true
		}
	}
	return false
}

// tables creates the external tables in the request's session.
func (s *Server) tables(conn *chdb.Conn, q *query) error {
	for _, e := range q.external {
		if q.reader {
			return exception(164, "READONLY", "Cannot use external tables in readonly mode")
		}
		if err := s.table(conn, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) table(conn *chdb.Conn, e external) error {
	name := "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(e.name) + "`"
	if err := perform(conn, "CREATE TEMPORARY TABLE "+name+" ("+e.structure+")"); err != nil {
		return err
	}
	file, path, err := s.spool(strings.NewReader(string(e.data)))
	if err != nil {
		return err
	}
	defer file.Close()
	return perform(conn, "INSERT INTO "+name+" FROM INFILE '"+path+"' FORMAT "+e.format)
}

// perform runs a statement that has no result.
func perform(conn *chdb.Conn, sql string) error {
	result, err := conn.Query(sql, "Null", nil)
	if err != nil {
		return err
	}
	result.Free()
	return nil
}
