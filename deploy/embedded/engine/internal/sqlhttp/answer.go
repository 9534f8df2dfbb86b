package sqlhttp

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
)

const firstPart = 256 << 10 // bytes of a result that are held back, so that an early error gets its status

// answer writes the response.
type answer struct {
	w       http.ResponseWriter
	r       *http.Request
	self    identity
	start   time.Time
	queryID string
	tag     string // announced beforehand: frames an exception inside a result
	query   *query
	held    []byte // the first part of the result
	begun   bool   // status and headers are sent
	body    encoder
}

func newAnswer(w http.ResponseWriter, r *http.Request, self identity) *answer {
	var tag [8]byte
	_, _ = rand.Read(tag[:]) // never fails
	a := &answer{w: w, r: r, self: self, start: time.Now(), tag: hex.EncodeToString(tag[:])}
	h := w.Header()
	h.Set("X-ClickHouse-Server-Display-Name", self.Name)
	h.Set("X-ClickHouse-Timezone", self.Timezone)
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	return a
}

// prepare sets what is known once the request is understood.
func (a *answer) prepare(q *query) {
	a.query, a.queryID = q, q.id
	a.w.Header().Set("X-ClickHouse-Query-Id", oneLine(q.id))
	a.w.Header().Set("X-ClickHouse-Exception-Tag", a.tag)
}

// begin sends status and headers of a good answer, unless they are sent.
func (a *answer) begin(format string, stats chdb.Stats) {
	if a.begun {
		return
	}
	a.begun = true
	h := a.w.Header()
	h.Set("Content-Type", contentType(format))
	h.Set("X-ClickHouse-Format", oneLine(format))
	h.Set("X-ClickHouse-Summary", fmt.Sprintf(`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d",`+
		`"total_rows_to_read":"0","result_rows":"%d","result_bytes":"0","elapsed_ns":"%d"}`,
		stats.ReadRows, stats.ReadBytes, stats.WrittenRows, stats.WrittenBytes, stats.ResultRows, time.Since(a.start).Nanoseconds()))
	a.body = newEncoder(a.w, a.r, a.query)
}

// pump sends what the engine writes to the pipe. A result that ends within the first part is held
// back whole. The error is the client's: it does not take the result.
func (a *answer) pump(r io.Reader, format string) error {
	a.held = make([]byte, 0, firstPart)
	buffer := make([]byte, firstPart)
	for {
		n, err := r.Read(buffer)
		if err != nil {
			return nil //nolint:nilerr // the end of the pipe: the statement has ended, well or not
		}
		if !a.begun && len(a.held)+n <= firstPart {
			a.held = append(a.held, buffer[:n]...)
			continue
		}
		a.begin(format, chdb.Stats{})
		if err := a.flush(); err != nil {
			return err
		}
		if err := a.send(buffer[:n]); err != nil {
			return err
		}
		_ = http.NewResponseController(a.w).Flush() // a writer that cannot is no harm
	}
}

// flush sends what was held back.
func (a *answer) flush() error {
	held := a.held
	a.held = nil
	return a.send(held)
}

// send writes a part of the result.
func (a *answer) send(part []byte) error {
	if len(part) == 0 {
		return nil
	}
	_, err := a.body.Write(part)
	return err
}

// fail sends an exception: with its status when nothing was sent, else inside the result.
// It gives what it sends.
func (a *answer) fail(err error) (code int, text string) {
	code, text = explain(err)
	if !strings.Contains(text, "(version ") {
		text += fmt.Sprintf(" (version %s (embedded))", a.self.Version)
	}
	text += "\n"
	if a.begun {
		a.interrupt(text)
		return code, text
	}
	a.begun = true
	a.w.Header().Set("X-ClickHouse-Exception-Code", strconv.Itoa(code))
	a.body = newEncoder(a.w, a.r, a.query)
	a.body.Head(status(code))
	_ = a.send([]byte(text)) // the client has gone if this fails
	return code, text
}

// interrupt ends a result that was cut off, in the way that clients look for: inside an HTTP
// encoding, but outside of ClickHouse's own blocks.
func (a *answer) interrupt(text string) {
	const mark = "__exception__"
	_, _ = fmt.Fprintf(a.body.Trailer(), "\r\n%s\r\n%s\r\n%s%d %s\r\n%s\r\n", mark, a.tag, text, len(text), a.tag, mark)
}

// finish completes the answer.
func (a *answer) finish() {
	if a.body != nil {
		_ = a.body.Close() // the client has gone if this fails
	}
}

// oneLine makes a text from the request fit for a header.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, text)
}
