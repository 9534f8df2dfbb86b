package store

import (
	"strings"

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

// encode gives the block in ClickHouse's Native format. The bytes are valid until the next call.
func (b *block[R]) encode() []byte {
	b.buffer.Reset()
	b.buffer.PutInt(len(b.columns))
	b.buffer.PutInt(b.rows)
	for _, c := range b.columns {
		b.buffer.PutString(c.name())
		b.buffer.PutString(c.chType())
		c.encode(&b.buffer)
	}
	return b.buffer.Buf
}

// shrink lets go of the memory of an unusually large flush.
func (b *block[R]) shrink() {
	if cap(b.buffer.Buf) > 64<<20 {
		b.buffer.Buf = nil
	}
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
