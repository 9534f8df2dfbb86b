package importer

import (
	"context"
	"errors"

	"github.com/throughline/throughline/deploy/importer/client"
)

// spanLimit ends a batch after this many rows even when few of them became events, so that progress is kept.
const spanLimit = 20_000

// batch is a run of neighbouring rows on its way to the collector.
type batch struct {
	// last is the number of its last row.
	last    int64
	skipped int64
	bytes   int64
	body    []byte
	// ends of the events in body, and their row numbers.
	ends []int
	rows []int64
	// problems of rows that could not become events.
	problems []Problem

	// Set before done is closed.
	outcome client.Outcome
	err     error
	done    chan struct{}
}

func (b *batch) reset() {
	*b = batch{body: b.body[:0], ends: b.ends[:0], rows: b.rows[:0], problems: b.problems[:0], done: make(chan struct{})}
}

func (b *batch) events() [][]byte {
	events := make([][]byte, len(b.ends))
	start := 0
	for i, end := range b.ends {
		events[i] = b.body[start:end:end]
		start = end
	}
	return events
}

// rejected lists the batch's refused rows in row order.
func (b *batch) rejected() []Problem {
	all := b.problems
	for _, refused := range b.outcome.Rejected {
		all = append(all, Problem{Row: b.rows[refused.Index], MessageID: refused.MessageID,
			Reason: refused.Reason, Field: refused.Field, Detail: refused.Detail})
	}
	sortProblems(all)
	return all
}

// cutter makes batches of a file's rows.
type cutter struct {
	reader reader
	to     *converter
	row    row
	size   int
	// from is the number of rows that earlier runs have done with.
	from int64
	// held is an event that did not fit into the batch before.
	held []byte
}

// fill reads rows into a batch until it is full. io.EOF comes with the last batch, which may be empty.
func (c *cutter) fill(ctx context.Context, b *batch) error {
	if len(c.held) > 0 {
		b.add(c.held, c.row.number)
		c.held = c.held[:0]
	}
	for rows := 0; len(b.ends) < c.size && rows < spanLimit; rows++ {
		if rows&1023 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := c.reader.read(&c.row)
		if c.row.number <= c.from && (err == nil || isProblem(err)) {
			continue
		}
		if err != nil && !isProblem(err) {
			return err
		}
		if full := c.take(b, err); full {
			return nil
		}
	}
	return nil
}

// take puts the row that was read into the batch; it holds the event back and tells so when the batch is full.
func (c *cutter) take(b *batch, unreadable error) bool {
	var problem *Problem
	if errors.As(unreadable, &problem) {
		b.refuse(problem, c.row.number)
		return false
	}
	if c.to.skipped(&c.row) {
		b.skipped++
		b.last = c.row.number
		return false
	}
	start := len(b.body)
	body, problem := c.to.convert(b.body, &c.row)
	b.body = body
	size := len(body) - start
	switch {
	case problem != nil:
		b.refuse(problem, c.row.number)
	case size > bodyLimit:
		b.body = body[:start]
		b.refuse(&Problem{Row: c.row.number, Reason: reasonTooLarge, Detail: "the row makes an event that no request can hold"}, c.row.number)
	case len(body) > bodyLimit:
		c.held = append(c.held[:0], body[start:]...)
		b.body = body[:start]
		return true
	default:
		b.mark(c.row.number)
	}
	return false
}

func (b *batch) add(event []byte, row int64) {
	b.body = append(b.body, event...)
	b.mark(row)
}

func (b *batch) mark(row int64) {
	b.ends, b.rows, b.last = append(b.ends, len(b.body)), append(b.rows, row), row
}

func (b *batch) refuse(p *Problem, row int64) {
	b.problems, b.last = append(b.problems, *p), row
}

func isProblem(err error) bool {
	var problem *Problem
	return errors.As(err, &problem)
}
