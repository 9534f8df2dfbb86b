package store

import (
	"context"
	"fmt"
	"time"

	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Part is the customers of one site in the buckets with bucket mod Of = Number. What is read of it comes with all that stage
// rules look at.
type Part struct {
	Site       string
	Number, Of int
}

func (p Part) scope() scope {
	s := everybody(p.Number, p.Of)
	s.site, s.given = p.Site, true
	return s
}

// Given is what the stage rules look at in a stored touchpoint, and what came of it.
type Given struct {
	Event, Type, Path string
	Properties        []byte
	// The stage that it was sent with, and the rule that gave the stored one.
	Sent stages.Stage
	Rule string
}

// The columns of Given, and where they go.
const givenColumns = ", event, type, path, properties, sent_stage, stage_rule"

type givenScan struct {
	given      Given
	properties string
	sent       uint8
}

func (g *givenScan) into() []any {
	return []any{&g.given.Event, &g.given.Type, &g.given.Path, &g.properties, &g.sent, &g.given.Rule}
}

func (g *givenScan) done() *Given {
	g.given.Properties, g.given.Sent = []byte(g.properties), stages.Stage(g.sent)
	return &g.given
}

// scanTouch reads a row of touches, whose further columns are those of Given where they were asked for.
func scanTouch(rows interface{ Scan(...any) error }, r *TouchRow, given bool, into ...any) error {
	if !given {
		return rows.Scan(into...)
	}
	var g givenScan
	if err := rows.Scan(append(into, g.into()...)...); err != nil {
		return err
	}
	r.Given = g.done()
	return nil
}

// What one part may have: ClickHouse puts its touches in order in memory.
const (
	partTouches = 2_000_000
	partBytes   = 512 << 20
)

// Parts tells in how many parts the customers of a site should be read.
func (s *Store) Parts(ctx context.Context, site string) (int, error) {
	var rows, bytes uint64
	query := fmt.Sprintf("SELECT count(), sum(length(properties)) FROM %s WHERE site = %s", s.from(TableTouchpoints), appendLiteral(nil, site))
	if err := s.conn.QueryRow(s.querying(ctx), query).Scan(&rows, &bytes); err != nil {
		return 0, fmt.Errorf("store: count touchpoints of site %s: %w", site, explain(err))
	}
	return int(min(max(rows/partTouches, bytes/partBytes)+1, touchpoint.Buckets)), nil
}

// PartTouches is Restore for a part.
func (s *Store) PartTouches(ctx context.Context, p Part, fn func(*TouchRow) error) error {
	return s.restore(ctx, p.scope(), time.Time{}, fn)
}

// PartLinks is RestoreLinks for a part.
func (s *Store) PartLinks(ctx context.Context, p Part, fn func(*LinkedID) error) error {
	return s.restoreLinks(ctx, p.scope(), fn)
}

// PartSources is RestoreSources for a part.
func (s *Store) PartSources(ctx context.Context, p Part, fn func(*SourceOf) error) error {
	return s.restoreSources(ctx, p.scope(), fn)
}
