package sqlhttp

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
)

// run executes the request's statement on a session of its own.
func (s *Server) run(ctx context.Context, a *answer, q *query) error {
	st, err := s.statement(q)
	if err != nil {
		return err
	}
	conn, release, err := s.acquire(q, st)
	if err != nil {
		return err
	}
	defer release()
	if err := s.tables(conn, q); err != nil {
		return err
	}
	if q.reader {
		if err := s.guard(conn, st.sql, q.params); err != nil {
			return err
		}
	}
	if st.class != chdb.ReadOnly {
		ctx = context.WithoutCancel(ctx) // what writes is finished, as a server would
	}
	if st.class == chdb.ReadOnly && st.query.Select && !q.truthy("wait_end_of_query") {
		return s.stream(ctx, a, q, st, conn)
	}
	return s.whole(ctx, a, q, st, conn)
}

// whole runs a statement and then sends its result.
func (s *Server) whole(ctx context.Context, a *answer, q *query, st *statement, conn *chdb.Conn) error {
	defer s.watch(ctx, q)()
	result, err := conn.Query(st.sql, q.format, q.params)
	if err != nil {
		return err
	}
	defer result.Free()
	if st.class != chdb.ReadOnly && s.cfg.DiskFull() {
		return exception(243, "NOT_ENOUGH_SPACE", "The disk became full while the statement wrote: what it wrote may not be whole")
	}
	a.begin(format(q, st), result.Stats())
	return a.send(result.Bytes())
}

// stream sends the result while the statement runs. The engine writes to a pipe.
func (s *Server) stream(ctx context.Context, a *answer, q *query, st *statement, conn *chdb.Conn) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	widen(w)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer s.watch(ctx, q)()
	ended := make(chan outcome, 1)
	go func() {
		var o outcome
		o.result, o.err = conn.Query(st.query.IntoOutfile(fdPath(w), q.format), q.format, q.params)
		_ = w.Close() // nothing was written through it: the engine opens its own
		ended <- o
	}()
	sent := a.pump(r, format(q, st))
	if sent != nil {
		cancel() // the client has gone; what the engine still writes is thrown away
		_, _ = io.Copy(io.Discard, r)
	}
	o := <-ended
	if o.err != nil {
		return o.err
	}
	defer o.result.Free()
	if sent != nil {
		return sent
	}
	a.begin(format(q, st), o.result.Stats())
	return a.flush()
}

// outcome is what a statement came to.
type outcome struct {
	result *chdb.Result
	err    error
}

// watch has the statement killed when ctx ends first. The function it gives ends the watch.
func (s *Server) watch(ctx context.Context, q *query) func() {
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		for s.cancel(q.tag()) {
			select {
			case <-ended:
				return
			case <-time.After(20 * time.Millisecond): // it may not have started yet
			}
		}
	})
	return func() {
		close(ended)
		stop()
	}
}

// cancel asks the engine to stop the statements with the tag; false when that makes no sense any more.
func (s *Server) cancel(tag string) bool {
	s.kill.Lock()
	defer s.kill.Unlock()
	if s.kill.conn == nil {
		return false
	}
	result, err := s.kill.conn.Query("KILL QUERY WHERE query_id IN (SELECT query_id FROM system.processes "+
		"WHERE endsWith(Settings['log_comment'], {tag:String})) ASYNC", "Null", []chdb.Param{{Name: "tag", Value: escape(tag)}})
	if err != nil {
		s.cfg.Log.Warn("cannot cancel a statement", "tag", tag, "error", err)
		return false
	}
	result.Free()
	return true
}

// escape writes a text as the value of a String parameter.
func escape(text string) string {
	return strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r", "\x00", "\\0").Replace(text)
}

// format is the name of the format of the answer.
func format(q *query, st *statement) string {
	if st.query.Format != "" {
		return st.query.Format
	}
	return q.format
}
