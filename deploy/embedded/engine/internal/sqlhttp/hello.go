package sqlhttp

import (
	"fmt"
	"strconv"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
)

// hello answers clickhouse-go's opening question. It reads this one answer at its own revision of
// the Native format, and everything later at the revision the answer names: 0, the engine's own.
func (s *Server) hello(a *answer, q *query) error {
	revision, err := strconv.ParseUint(q.options.Get("client_protocol_version"), 10, 32)
	if err != nil {
		return exception(36, "BAD_ARGUMENTS", "client_protocol_version is not a number")
	}
	block := proto.NewBlock()
	for _, c := range []struct {
		name  string
		kind  column.Type
		value any
	}{
		{"displayName()", "String", s.identity.Name}, {"version()", "String", s.identity.Version},
		{"revision()", "UInt32", uint32(0)}, {"timezone()", "String", s.identity.Timezone},
	} {
		if err := block.AddColumn(c.name, c.kind); err != nil {
			return fmt.Errorf("answer the hello: %w", err)
		}
		if err := block.Columns[len(block.Columns)-1].AppendRow(c.value); err != nil {
			return fmt.Errorf("answer the hello: %w", err)
		}
	}
	buffer := &chproto.Buffer{}
	if err := block.Encode(buffer, revision); err != nil {
		return fmt.Errorf("answer the hello: %w", err)
	}
	a.begin("Native", chdb.Stats{ResultRows: 1})
	return a.send(buffer.Buf)
}
