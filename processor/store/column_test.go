package store

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"testing"

	chproto "github.com/ClickHouse/ch-go/proto"
	chcolumn "github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// decoded reads a block back with the driver's own decoder.
func decoded(t *testing.T, raw []byte) *proto.Block {
	t.Helper()
	block := proto.Block{ServerContext: &chcolumn.ServerContext{}}
	if err := block.Decode(chproto.NewReader(bytes.NewReader(raw)), 0); err != nil {
		t.Fatalf("decode: %v", err)
	}
	return &block
}

// checkBlock compares what the driver decodes with what the columns were given.
func checkBlock[R any](t *testing.T, columns []column[R], rows []R) {
	t.Helper()
	b := &block[R]{columns: columns}
	for range 2 { // the second time on reused memory
		b.reset()
		b.fill(rows)
		got := decoded(t, wire(t, b))
		if got.Rows() != len(rows) {
			t.Fatalf("%d rows, want %d", got.Rows(), len(rows))
		}
		for i, c := range columns {
			if name := got.Columns[i].Name(); name != c.name() {
				t.Fatalf("column %d is %s, want %s", i, name, c.name())
			}
			want := driverColumn(t, c)
			for r := range rows {
				if g, w := got.Columns[i].Row(r, false), want.Row(r, false); !same(g, w) {
					t.Errorf("%s of row %d: %v, want %v", c.name(), r, g, w)
				}
			}
		}
	}
}

// driverColumn fills one of the driver's columns from the slice that the native protocol is given.
func driverColumn[R any](t *testing.T, c column[R]) chcolumn.Interface {
	t.Helper()
	d, err := chcolumn.Type(c.chType()).Column(c.name(), &chcolumn.ServerContext{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Append(c.values()); err != nil {
		t.Fatalf("%s: %v", c.name(), err)
	}
	// Dictionaries can be read only after a trip over the wire.
	var buf chproto.Buffer
	if s, ok := d.(chcolumn.CustomSerialization); ok {
		if err := s.WriteStatePrefix(&buf); err != nil {
			t.Fatal(err)
		}
	}
	rows := d.Rows()
	d.Encode(&buf)
	back, err := chcolumn.Type(c.chType()).Column(c.name(), &chcolumn.ServerContext{})
	if err != nil {
		t.Fatal(err)
	}
	r := buf.Reader()
	if s, ok := back.(chcolumn.CustomSerialization); ok {
		if err := s.ReadStatePrefix(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := back.Decode(r, rows); err != nil {
		t.Fatal(err)
	}
	return back
}

func same(a, b any) bool {
	return reflect.DeepEqual(a, b) || fmt.Sprint(a) == fmt.Sprint(b)
}

func TestBlocksDecodeToTheirRows(t *testing.T) {
	b := oddBatch(300)
	t.Run("touchpoints", func(t *testing.T) { checkBlock(t, touchpointColumns(), b.Touchpoints) })
	t.Run("sessions", func(t *testing.T) { checkBlock(t, sessionColumns(), pointers(b.Sessions)) })
	t.Run("journeys", func(t *testing.T) { checkBlock(t, journeyColumns(), pointers(b.Journeys)) })
	t.Run("transitions", func(t *testing.T) { checkBlock(t, transitionColumns(), pointers(b.Transitions)) })
	t.Run("identities", func(t *testing.T) { checkBlock(t, identityColumns(), pointers(b.Identities)) })
	t.Run("rejected", func(t *testing.T) { checkBlock(t, rejectedColumns(), b.Rejected) })
}

func TestDictionaryWidths(t *testing.T) {
	for _, n := range []int{1, 254, 255, 256, 257, 65_535, 65_536, 70_000} {
		values := make([]string, n)
		for i := range values {
			values[i] = fmt.Sprint(i)
		}
		b := &block[string]{columns: []column[string]{newWord("w", func(s string) string { return s })}}
		b.fill(values)
		got := decoded(t, wire(t, b))
		for i, want := range values {
			if v := got.Columns[0].Row(i, false); v != want {
				t.Fatalf("%d words: row %d is %v, want %v", n, i, v, want)
			}
		}
	}
}

// wire is the whole of an encoded block.
func wire(t testing.TB, b outgoing) []byte {
	t.Helper()
	all, err := io.ReadAll(&encoded{block: b})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
