package store

import (
	"io"
	"strings"
	"sync"

	"github.com/ClickHouse/ch-go/proto"
)

// block holds the columns of one INSERT. It is reused and not safe for concurrent use.
type block[R any] struct {
	columns []column[R]
	rows    int
	buffer  proto.Buffer
}

// chunk is how many rows are spread over all columns at a time: few enough to stay in the CPU's cache.
const chunk = 128

func (b *block[R]) fill(rows []R) {
	b.rows += len(rows)
	for len(rows) > 0 {
		n := min(chunk, len(rows))
		for _, c := range b.columns {
			c.fill(rows[:n])
		}
		rows = rows[n:]
	}
}

func (b *block[R]) reset() {
	b.rows = 0
	for _, c := range b.columns {
		c.reset()
	}
}

// encode gives the i-th of width() pieces of the block in ClickHouse's Native format: a column, the first with the header
// before it. The bytes are valid until the next call. A piece at a time keeps a large block from being in memory twice.
func (b *block[R]) encode(i int) []byte {
	b.buffer.Reset()
	if i == 0 {
		b.buffer.PutInt(len(b.columns))
		b.buffer.PutInt(b.rows)
	}
	c := b.columns[i]
	b.buffer.PutString(c.name())
	b.buffer.PutString(c.chType())
	c.encode(&b.buffer)
	return b.buffer.Buf
}

// encoded reads an encoded block. An HTTP client may go on reading a body after the request has failed, when the block
// is filled with other rows: close ends that.
type encoded struct {
	mu     sync.Mutex
	block  outgoing
	next   int
	rest   []byte
	closed bool
}

func (e *encoded) Read(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return 0, io.ErrClosedPipe
	}
	for len(e.rest) == 0 {
		if e.next == e.block.width() {
			return 0, io.EOF
		}
		e.rest = e.block.encode(e.next)
		e.next++
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func (e *encoded) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
}

// insertStatement names every column, so that a column added to the table later takes its default.
func insertStatement[R any](database, table string, columns []column[R]) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name()
	}
	return "INSERT INTO " + quoteName(database) + "." + table + " (" + strings.Join(names, ", ") + ")"
}

func (b *block[R]) values(i int) any { return b.columns[i].values() }
func (b *block[R]) width() int       { return len(b.columns) }
