package sqlhttp

import (
	"bufio"
	"crypto/subtle"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
)

const headSize = 256 << 10 // bytes of a request that are searched for the end of an INSERT's text

// query is a request, understood.
type query struct {
	id       string
	reader   bool          // may only read, and not from outside
	get      bool          // sent with GET: may not write
	text     *bufio.Reader // statement, then data of an INSERT
	database string
	format   string            // default_format
	settings map[string]string // of the engine, from the URL
	params   []chdb.Param
	external []external
	session  string
	options  url.Values // the transport's own options, such as compress
	closers  []io.Closer
}

// parse reads URL, headers and the kind of body. It does not read the body, unless it is a form.
func (s *Server) parse(r *http.Request, readers bool) (*query, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, exception(36, "BAD_ARGUMENTS", "the URL's query cannot be read: %v", err)
	}
	q := &query{get: r.Method == http.MethodGet, settings: map[string]string{}, options: url.Values{}}
	if q.reader, err = s.authenticate(r, values); err != nil {
		return nil, err
	}
	q.reader = q.reader || readers
	body, err := q.body(r, values)
	if err != nil {
		return nil, err
	}
	if err := s.sort(q, values); err != nil {
		return nil, err
	}
	q.fill(r)
	text := values.Get("query")
	if text != "" {
		text += "\n"
	}
	q.text = bufio.NewReaderSize(io.MultiReader(strings.NewReader(text), body), headSize)
	return q, nil
}

// fill sets what has a default, or may come in a header.
func (q *query) fill(r *http.Request) {
	if q.id = q.options.Get("query_id"); q.id == "" {
		q.id = uuid.NewString()
	}
	if q.database = q.options.Get("database"); q.database == "" {
		q.database = r.Header.Get("X-ClickHouse-Database")
	}
	if q.format = q.options.Get("default_format"); q.format == "" {
		q.format = r.Header.Get("X-ClickHouse-Format")
	}
	if q.format == "" {
		q.format = "TabSeparated"
	}
	q.session = q.options.Get("session_id")
}

// body gives the decoded body. A multipart form is read whole: its fields join the values, its
// files become external tables.
func (q *query) body(r *http.Request, values url.Values) (io.Reader, error) {
	body, err := q.decode(r.Body, r.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	kind, attributes, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		return strings.NewReader(""), q.form(body, attributes["boundary"], values)
	}
	if values.Get("decompress") == "1" {
		return &blocks{r: decompressed(body)}, nil
	}
	return body, nil
}

func (q *query) close() {
	for _, c := range q.closers {
		_ = c.Close() // temporary things only
	}
}

// authenticate finds out who asks. Basic authentication wins over headers, headers over the URL.
func (s *Server) authenticate(r *http.Request, values url.Values) (reader bool, err error) {
	user, password := values.Get("user"), values.Get("password")
	if name := r.Header.Get("X-ClickHouse-User"); name != "" {
		user, password = name, r.Header.Get("X-ClickHouse-Key")
	}
	if name, key, ok := r.BasicAuth(); ok {
		user, password = name, key
	}
	want, known := s.cfg.AdminPassword, user == "" || user == "default"
	if user == "reader" {
		want, known, reader = s.cfg.ReaderPassword, true, true
	}
	if !known || subtle.ConstantTimeCompare([]byte(password), []byte(want)) != 1 && want != "" {
		return true, exception(516, "AUTHENTICATION_FAILED", "%s: Authentication failed: password is incorrect, or there is no user with such name.", user)
	}
	return reader, nil
}

// truthy reads a yes-or-no option.
func (q *query) truthy(option string) bool {
	v := strings.ToLower(q.options.Get(option))
	return v == "1" || v == "true"
}

// hello tells whether clickhouse-go asks its opening question, whose answer fixes the revision of
// the Native format for the rest of the connection.
func (q *query) hello() bool {
	if q.options.Get("client_protocol_version") == "" || q.format != "Native" {
		return false
	}
	const question = "SELECT displayName(), version(), revision(), timezone()"
	head, _ := q.text.Peek(len(question) + 2) // short at the end of the body
	return strings.TrimSpace(string(head)) == question
}

// tag is the mark by which a running statement of this request is found in system.processes.
func (q *query) tag() string { return fmt.Sprintf("query_id=%s", q.id) }
