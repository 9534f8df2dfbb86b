package sqlhttp

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
)

// sessions are the clients' named sessions. One that has only been read in holds no connection:
// there is nothing to remember. It gets one of its own with its first SET, USE or temporary table.
type sessions struct {
	mu   sync.Mutex
	byID map[string]*session
}

type session struct {
	busy  bool
	conn  *chdb.Conn // nil while there is nothing to remember
	timer *time.Timer
}

func newSessions() *sessions { return &sessions{byID: map[string]*session{}} }

// enter takes a session; it is an error when another request is in it.
func (s *sessions) enter(q *query) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.byID[q.session]
	if one == nil {
		if q.truthy("session_check") {
			return nil, exception(372, "SESSION_NOT_FOUND", "Session %s not found", q.session)
		}
		one = &session{}
		s.byID[q.session] = one
	}
	if one.busy {
		return nil, exception(373, "SESSION_IS_LOCKED", "Session %s is locked by a concurrent client", q.session)
	}
	one.busy = true
	if one.timer != nil {
		one.timer.Stop()
	}
	return one, nil
}

// leave gives a session back; it ends by itself when it is not entered again in time.
func (s *sessions) leave(q *query, one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.busy = false
	seconds, err := strconv.Atoi(q.options.Get("session_timeout"))
	if err != nil || seconds <= 0 || seconds > 3600 {
		seconds = 60
	}
	one.timer = time.AfterFunc(time.Duration(seconds)*time.Second, func() { s.expire(q.session, one) })
}

func (s *sessions) expire(id string, one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.busy || s.byID[id] != one {
		return
	}
	delete(s.byID, id)
	if one.conn != nil {
		one.conn.Close()
	}
}

func (s *sessions) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, one := range s.byID {
		if one.timer != nil {
			one.timer.Stop()
		}
		if one.conn != nil {
			one.conn.Close()
		}
		delete(s.byID, id)
	}
}

// acquire gives the connection for a request, and what to call after it.
func (s *Server) acquire(q *query, st *statement) (*chdb.Conn, func(), error) {
	if q.session == "" {
		return s.fresh(q)
	}
	one, err := s.sessions.enter(q)
	if err != nil {
		return nil, nil, err
	}
	conn, release, err := s.within(q, st, one)
	if err != nil {
		s.sessions.leave(q, one)
		return nil, nil, err
	}
	return conn, func() { release(); s.sessions.leave(q, one) }, nil
}

// within gives the connection of a named session, or a fresh one where there is nothing to remember.
func (s *Server) within(q *query, st *statement, one *session) (*chdb.Conn, func(), error) {
	if one.conn == nil && (st.class != chdb.Control || q.reader) || q.reader {
		return s.fresh(q)
	}
	if one.conn == nil {
		conn, err := s.lib.Connect(s.cfg.Settings)
		if err != nil {
			return nil, nil, err
		}
		one.conn = conn
		if err := s.use(conn, q.database); err != nil {
			return nil, nil, err
		}
	}
	restore, err := s.overlay(one.conn, s.session(q))
	return one.conn, restore, err
}

// fresh opens a connection for one request.
func (s *Server) fresh(q *query) (*chdb.Conn, func(), error) {
	settings := s.session(q)
	conn, err := s.lib.Connect(settings)
	if err != nil {
		return nil, nil, s.refused(settings, err)
	}
	if err := s.use(conn, q.database); err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, conn.Close, nil
}

// use selects the database.
func (s *Server) use(conn *chdb.Conn, database string) error {
	if database == "" || database == "default" {
		return nil
	}
	return perform(conn, "USE `"+strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(database)+"`")
}

// refused finds the setting for which a connection was refused: the engine does not tell.
func (s *Server) refused(settings map[string]string, cause error) error {
	conn, err := s.lib.Connect(nil)
	if err != nil {
		return cause
	}
	defer conn.Close()
	for name, value := range settings {
		if err := perform(conn, assign(name, value)); err != nil {
			return err
		}
	}
	return cause
}

// overlay gives a lasting session the settings of one request; the function takes them back.
func (s *Server) overlay(conn *chdb.Conn, settings map[string]string) (func(), error) {
	var undo []string
	restore := func() {
		for _, sql := range undo {
			if err := perform(conn, sql); err != nil {
				s.cfg.Log.Warn("cannot take a setting back", "statement", sql, "error", err)
			}
		}
	}
	for name, value := range settings {
		if s.cfg.Settings[name] == value || name == "readonly" { // GET is checked before
			continue
		}
		old, err := list(conn, "SELECT if(changed, value, '') FROM system.settings WHERE name = '"+name+"'")
		if err == nil {
			err = perform(conn, assign(name, value))
		}
		if err != nil {
			restore()
			return nil, err
		}
		undo = append(undo, revert(name, old[0]))
	}
	return restore, nil
}

func revert(name, old string) string {
	if old == "" {
		return "SET " + name + " = DEFAULT"
	}
	return assign(name, old)
}

func assign(name, value string) string {
	return "SET " + name + " = '" + strings.NewReplacer("\\", "\\\\", "'", "\\'").Replace(value) + "'"
}
