package live

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Table is an answer: the columns' names, and rows of JSON values.
type Table struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

const (
	mostRows = 5000
	patience = 8 * time.Second // for one answer
)

// reader asks ClickHouse questions that cannot write.
type reader struct {
	conn driver.Conn
	err  error // of opening

	mu       sync.Mutex
	settings clickhouse.Settings // nil until found
}

func newReader(options *clickhouse.Options) *reader {
	options.MaxOpenConns, options.MaxIdleConns = 4, 2
	options.DialTimeout = 3 * time.Second
	conn, err := clickhouse.Open(options) // connects with the first question
	return &reader{conn: conn, err: err}
}

func (r *reader) close() {
	if r.conn != nil {
		_ = r.conn.Close() // nothing was written
	}
}

// ask runs one statement with server-side parameters. The error never holds the statement.
func (r *reader) ask(ctx context.Context, sql string, parameters map[string]string) (Table, error) {
	if r.err != nil {
		return Table{}, r.err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	settings, err := r.bound(ctx)
	if err != nil {
		return Table{}, err
	}
	rows, err := r.conn.Query(clickhouse.Context(ctx, clickhouse.WithSettings(settings), clickhouse.WithParameters(escaped(parameters))), sql)
	if err != nil {
		return Table{}, short(err)
	}
	defer rows.Close()
	table, err := scan(rows)
	return table, short(err)
}

// ClickHouse reads the value of a parameter as a field of a tab-separated file.
var escape = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`)

func escaped(parameters map[string]string) clickhouse.Parameters {
	all := make(clickhouse.Parameters, len(parameters))
	for name, value := range parameters {
		all[name] = escape.Replace(value)
	}
	return all
}

// limits keep a question from taking much of the server.
var limits = clickhouse.Settings{"max_threads": 1, "max_execution_time": int(patience / time.Second), "max_result_rows": mostRows}

// bound finds the settings to ask with: such that writing is refused, and with our limits where the user may set any.
func (r *reader) bound(ctx context.Context) (clickhouse.Settings, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.settings != nil {
		return r.settings, nil
	}
	readonly := clickhouse.Settings{"readonly": 1}
	for name, value := range limits {
		readonly[name] = value
	}
	var err error
	for _, s := range []clickhouse.Settings{readonly, limits, {}} {
		var mode uint64
		err = r.conn.QueryRow(clickhouse.Context(ctx, clickhouse.WithSettings(s)), "SELECT toUInt64(getSetting('readonly'))").Scan(&mode)
		if err == nil && mode > 0 {
			r.settings = s
			return s, nil
		}
		var refused *clickhouse.Exception
		if err != nil && !errors.As(err, &refused) {
			return nil, short(err) // not there: ask again
		}
	}
	return nil, fmt.Errorf("ClickHouse lets this user write and refuses to be asked read-only: %w", short(err))
}

// refusal is what ClickHouse answers to a statement that it does not run, without the statement: that may hold a person's id.
type refusal struct{ Code int32 }

func (r refusal) Error() string { return fmt.Sprintf("ClickHouse refused: code %d", r.Code) }

// short is an error without the statement that caused it.
func short(err error) error {
	var refused *clickhouse.Exception
	if errors.As(err, &refused) {
		return refusal{refused.Code}
	}
	return err
}

// scan reads rows of any types.
func scan(rows driver.Rows) (Table, error) {
	types := rows.ColumnTypes()
	table := Table{Columns: rows.Columns(), Rows: [][]any{}}
	for rows.Next() && len(table.Rows) < mostRows {
		into := make([]any, len(types))
		for i, t := range types {
			into[i] = reflect.New(t.ScanType()).Interface()
		}
		if err := rows.Scan(into...); err != nil {
			return table, fmt.Errorf("read a row: %w", err)
		}
		for i := range into {
			into[i] = plain(reflect.ValueOf(into[i]).Elem().Interface())
		}
		table.Rows = append(table.Rows, into)
	}
	if err := rows.Err(); err != nil {
		return table, fmt.Errorf("read rows: %w", err)
	}
	return table, nil
}
