// Package sqlhttp takes requests in the dialect of ClickHouse's HTTP interface and gives the
// answers that a ClickHouse server would give, running the statements in the embedded engine.
//
// A request becomes a session of its own (a fresh connection, a quarter of a millisecond), so that
// no setting, parameter or temporary table can leak into another. Data of an INSERT goes through an
// anonymous file; the result of a SELECT comes through a pipe and is streamed.
package sqlhttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
)

// Config says who may ask and how much at a time.
type Config struct {
	AdminPassword  string            // of user "default"; empty: none is asked
	ReaderPassword string            // of user "reader"; empty: none is asked
	MaxQueries     int               // statements that run at the same time; others wait. Readers have a quarter of as many of their own. Default 32
	Settings       map[string]string // every session's own settings, before those of the request
	ReaderSettings map[string]string // those of a reader's session, on top
	TempDir        string            // where bodies too large for memory go
	PageAddr       string            // host:port of the web page under /live; empty: none
	Log            *slog.Logger

	DiskFull func() bool                 // asked after a statement that wrote: what it wrote may be torn then, so it has failed
	OnError  func(code int, text string) // is told of every exception
}

// Server answers HTTP requests. Use Handler for the ordinary and Readers for the read-only listener.
type Server struct {
	cfg       Config
	lib       *chdb.Library
	known     map[string]bool // names of the engine's settings
	functions map[string]bool // table functions a reader may not use
	identity  identity
	slots     chan struct{}
	reading   chan struct{} // the readers' own slots: they cannot keep the pipeline from writing
	sessions  *sessions
	kill      struct {
		sync.Mutex
		conn *chdb.Conn
	}
}

// identity is what the engine says about itself.
type identity struct{ Name, Version, Timezone string }

// New connects to the engine (which boots it when it is the first connection) and asks it for its
// version, settings and functions.
func New(lib *chdb.Library, cfg Config) (*Server, error) {
	if cfg.MaxQueries <= 0 {
		cfg.MaxQueries = 32
	}
	conn, err := lib.Connect(cfg.Settings)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, lib: lib, slots: make(chan struct{}, cfg.MaxQueries), reading: make(chan struct{}, cfg.MaxQueries/4+1), sessions: newSessions()}
	s.kill.conn = conn
	if err := s.introspect(conn); err != nil {
		conn.Close()
		return nil, fmt.Errorf("ask the ClickHouse engine about itself: %w", err)
	}
	return s, nil
}

// introspect reads what the engine knows.
func (s *Server) introspect(conn *chdb.Conn) error {
	settings, err := list(conn, "SELECT name FROM system.settings")
	if err != nil {
		return err
	}
	functions, err := list(conn, "SELECT lower(name) FROM system.table_functions")
	if err != nil {
		return err
	}
	self, err := list(conn, "SELECT arrayJoin([displayName(), version(), timezone()])")
	if err != nil || len(self) != 3 {
		return errors.Join(err, fmt.Errorf("%d answers instead of 3", len(self)))
	}
	s.known, s.functions = set(settings), set(functions)
	s.identity = identity{Name: self[0], Version: self[1], Timezone: self[2]}
	return nil
}

// list gives the values of a query's only column, as text.
func list(conn *chdb.Conn, sql string) ([]string, error) {
	result, err := conn.Query(sql, "TSVRaw", nil)
	if err != nil {
		return nil, err
	}
	defer result.Free()
	return strings.Split(strings.TrimSuffix(string(result.Bytes()), "\n"), "\n"), nil
}

func set(names []string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, name := range names {
		m[name] = true
	}
	return m
}

// Handler answers users: "default" may do everything, "reader" may read.
func (s *Server) Handler() http.Handler { return s.handler(false) }

// Readers answers everybody as a reader.
func (s *Server) Readers() http.Handler { return s.handler(true) }

func (s *Server) handler(readers bool) http.Handler {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("Ok.\n")) }
	mux.HandleFunc("/ping", ok)
	mux.HandleFunc("/replicas_status", ok)
	if s.cfg.PageAddr != "" {
		mux.Handle(pagePath+"/", page(s.cfg.PageAddr))
	}
	query := func(w http.ResponseWriter, r *http.Request) {
		if s.cfg.PageAddr != "" && browsing(r) {
			http.Redirect(w, r, pagePath+"/", http.StatusFound)
			return
		}
		if r.Method == http.MethodGet && r.URL.RawQuery == "" || r.Method == http.MethodHead {
			ok(w, r)
			return
		}
		s.serve(w, r, readers)
	}
	mux.HandleFunc("/{$}", query)
	mux.HandleFunc("/query", query)
	return mux
}

// serve answers one statement.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, readers bool) {
	a := newAnswer(w, r, s.identity)
	if err := s.answer(r, a, readers); err != nil {
		s.cfg.OnError(a.fail(err))
		s.cfg.Log.Debug("statement failed", "query_id", a.queryID, "error", err)
	}
	a.finish()
}

// answer reads the request, waits for a slot, and runs it.
func (s *Server) answer(r *http.Request, a *answer, readers bool) error {
	q, err := s.parse(r, readers)
	if err != nil {
		return err
	}
	defer q.close()
	a.prepare(q)
	if q.hello() {
		return s.hello(a, q)
	}
	slots := s.slots
	if q.reader {
		slots = s.reading
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-r.Context().Done():
		return r.Context().Err()
	}
	return s.run(r.Context(), a, q)
}

// Close ends the sessions. Call it when no request is running.
func (s *Server) Close() {
	s.sessions.closeAll()
	s.kill.Lock()
	defer s.kill.Unlock()
	s.kill.conn.Close()
	s.kill.conn = nil // a watch may still be about to use it
}

// CancelAll asks the engine to stop every statement that runs.
func (s *Server) CancelAll(ctx context.Context) error {
	s.kill.Lock()
	defer s.kill.Unlock()
	result, err := s.kill.conn.Query("KILL QUERY WHERE query_id != queryID() ASYNC", "Null", nil)
	if err != nil {
		return fmt.Errorf("cancel running statements: %w", err)
	}
	result.Free()
	return ctx.Err()
}
