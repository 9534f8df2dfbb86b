package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"golang.org/x/sync/errgroup"
)

// writer is what the tables share.
type writer struct {
	cfg      *Config
	log      *slog.Logger
	metrics  *metrics
	database string
	send     sender
}

// table writes rows of one kind.
type table[R any] struct {
	*writer
	name      string
	statement string
	// Blocks that are not in use, with their memory.
	blocks  chan *block[R]
	columns func() []column[R]
}

func newTable[R any](w *writer, name string, columns func() []column[R]) *table[R] {
	return &table[R]{
		writer: w, name: name, statement: insertStatement(w.database, name, columns()),
		blocks: make(chan *block[R], partsAtOnce), columns: columns,
	}
}

// write inserts the rows, trying again until ctx is done while that can help. Rows that ClickHouse refuses are
// isolated by halving and returned; the others are in.
func (t *table[R]) write(ctx context.Context, rows []R) ([]Poison, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	// Even parts, at most partRows each, two at a time: ClickHouse takes an INSERT with one thread.
	parts := (len(rows) + partRows - 1) / partRows
	refused := make([][]Poison, parts)
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.SetLimit(partsAtOnce)
	for i := range parts {
		from, to := i*len(rows)/parts, (i+1)*len(rows)/parts
		tasks.Go(func() (err error) {
			refused[i], err = t.writePart(ctx, rows[from:to], from)
			return err
		})
	}
	err := tasks.Wait()
	return slices.Concat(refused...), err
}

// Measured: larger INSERTs cost more a row here and there, smaller ones leave more to merge.
const (
	partRows    = 50_000
	partsAtOnce = 2
)

func (t *table[R]) writePart(ctx context.Context, rows []R, first int) ([]Poison, error) {
	err := t.insert(ctx, rows)
	if err == nil || Classify(err) != Reject {
		return nil, err
	}
	if len(rows) == 1 {
		return []Poison{{Table: t.name, Index: first, Err: err}}, nil
	}
	half := len(rows) / 2
	left, err := t.writePart(ctx, rows[:half], first)
	if err != nil {
		return left, err
	}
	right, err := t.writePart(ctx, rows[half:], first+half)
	return append(left, right...), err
}

// insert is one INSERT, repeated while it may help.
func (t *table[R]) insert(ctx context.Context, rows []R) error {
	b := t.block()
	defer t.release(b)
	b.fill(rows)
	for pause := t.cfg.RetryFrom; ; pause = min(2*pause, t.cfg.RetryTo) {
		err := t.attempt(ctx, b)
		if err == nil {
			t.metrics.rows.WithLabelValues(t.name).Add(float64(len(rows)))
			return nil
		}
		class := Classify(err)
		t.metrics.errors.WithLabelValues(t.name, string(class)).Inc()
		if class != Retry {
			return fmt.Errorf("store: insert into %s: %w", t.name, explain(err))
		}
		t.log.Warn("insert failed, trying again", "table", t.name, "rows", len(rows), "error", err)
		if !wait(ctx, pause) {
			return fmt.Errorf("store: insert into %s: %w", t.name, errors.Join(context.Cause(ctx), err))
		}
	}
}

func (t *table[R]) block() *block[R] {
	select {
	case b := <-t.blocks:
		return b
	default:
		return &block[R]{columns: t.columns()}
	}
}

// release keeps a block for the next INSERT.
func (t *table[R]) release(b *block[R]) {
	b.reset()
	select {
	case t.blocks <- b:
	default:
	}
}

func (t *table[R]) attempt(ctx context.Context, b *block[R]) error {
	if err := PassFence(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, t.cfg.InsertTimeout)
	defer cancel()
	start := time.Now()
	err := t.send(clickhouse.Context(ctx, clickhouse.WithSettings(t.cfg.insertSettings())), t.statement, b)
	t.metrics.seconds.WithLabelValues(t.name).Observe(time.Since(start).Seconds())
	return err
}

// wait pauses for between half of d and d; false when ctx was done first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d/2 + rand.N(d/2+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
