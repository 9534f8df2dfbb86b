package processor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// rowsAtOnce is how many rows are gathered before they are written.
const rowsAtOnce = 20_000

// Run changes what is stored, and gives what it changed; where it goes on after a crash, what was left. When it is over, processors find
// the mark of it, and restore their states from what is stored then. Running it again changes nothing.
func (r *Rebuild) Run(ctx context.Context) (*RebuildReport, error) {
	if err := r.alone(ctx); err != nil {
		return nil, err
	}
	done, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	// A processor that starts now finds the mark, unless it was a member before, and so does who begins to delete.
	if err := r.alone(ctx); err != nil {
		return nil, err
	}
	if err := r.count(ctx); err != nil {
		return nil, err
	}
	for i := range r.mark.Parts {
		if done[stepPart{store.RebuildBuilt, i}] {
			continue
		}
		rows, err := r.build(ctx, store.Part{Site: r.deps.Site.ID, Number: int(i), Of: int(r.mark.Parts)})
		if err == nil {
			err = r.note(ctx, store.RebuildBuilt, i, rows)
		}
		if err != nil {
			return nil, fmt.Errorf("part %d of %d: %w", i+1, r.mark.Parts, err)
		}
	}
	if err := r.stageMonths(ctx, done); err != nil {
		return nil, err
	}
	return r.report.done(), r.note(ctx, store.RebuildFinished, 0, 0)
}

// ErrDeleting says that rows are being deleted of which a rebuild could write copies that stay.
var ErrDeleting = errors.New("ClickHouse is deleting rows of erased persons")

// alone fails while somebody else changes what is stored.
func (r *Rebuild) alone(ctx context.Context) error {
	if err := r.deps.Quiet(ctx); err != nil {
		return err
	}
	tables, err := r.deps.Store.Deleting(ctx)
	if err == nil && len(tables) > 0 {
		err = fmt.Errorf("%w, from %s: run this again when it is through (system.mutations tells)", ErrDeleting, strings.Join(tables, ", "))
	}
	return err
}

type stepPart struct {
	step string
	part uint32
}

// begin goes on with the last rebuild of the site, if that was not finished and was for the same rules, or begins one. Where another
// one was not finished nobody knows which rows are of which rules: then all are written.
func (r *Rebuild) begin(ctx context.Context) (done map[stepPart]bool, err error) {
	steps, err := r.deps.Store.Rebuilds(ctx)
	if err != nil {
		return nil, err
	}
	done = map[stepPart]bool{}
	last := store.RebuildStep{}
	for _, s := range steps {
		if s.Site == r.deps.Site.ID {
			done[stepPart{s.Step, s.Part}], last = true, s
		}
	}
	unfinished := last.Rebuild != 0 && !done[stepPart{store.RebuildFinished, 0}]
	if unfinished && last.RulesDigest == r.deps.Rules.Digest() && (last.Whole || !r.deps.All) {
		r.mark = last
		r.deps.Logger.Info("going on with a rebuild that was interrupted", "site", r.mark.Site, "parts_done", len(done)-1)
		return done, nil
	}
	parts, err := r.deps.Store.Parts(ctx, r.deps.Site.ID)
	if err != nil {
		return nil, err
	}
	r.mark = store.RebuildStep{
		Site: r.deps.Site.ID, Rebuild: max(r.deps.Now().UnixMicro(), last.Rebuild+1), Parts: uint32(parts), Whole: unfinished || r.deps.All,
		RulesVersion: r.deps.Rules.Version(), RulesDigest: r.deps.Rules.Digest(),
	}
	return map[stepPart]bool{}, r.note(ctx, store.RebuildBegun, 0, 0)
}

func (r *Rebuild) note(ctx context.Context, step string, part uint32, rows uint64) error {
	s := r.mark
	s.Step, s.Part, s.Rows, s.At = step, part, rows, r.deps.Now().UnixMilli()
	return r.deps.Store.NoteRebuild(ctx, s)
}

// build writes the rows that change of the customers of a part, and gives how many those were.
func (r *Rebuild) build(ctx context.Context, part store.Part) (written uint64, err error) {
	var out journey.Rows
	whole := map[touchpoint.Customer]*expected{}
	write := func(least int) error {
		n := len(out.Sessions) + len(out.Journeys) + len(out.Transitions)
		if n < least && len(whole) < least {
			return nil
		}
		batch := store.Batch{Sessions: out.Sessions, Journeys: out.Journeys, Transitions: out.Transitions}
		if err := r.orphans(ctx, whole, &batch); err != nil {
			return err
		}
		written += uint64(len(batch.Sessions) + len(batch.Journeys) + len(batch.Transitions))
		out = journey.Rows{}
		clear(whole)
		return r.deps.Store.Write(ctx, &batch)
	}
	for p, err := range r.people(ctx, part) {
		if err != nil {
			return written, err
		}
		before, after, err := r.compare(p)
		if err != nil {
			return written, err
		}
		if r.mark.Whole {
			whole[p.customer] = expectedOf(after)
			before.Reset()
		}
		difference(before, after, &out)
		if err := write(rowsAtOnce); err != nil {
			return written, err
		}
	}
	return written, write(1)
}

// orphans adds tombstones for what is stored of customers and is not among their rows.
func (r *Rebuild) orphans(ctx context.Context, of map[touchpoint.Customer]*expected, batch *store.Batch) error {
	if len(of) == 0 {
		return nil
	}
	customers := make([]touchpoint.Customer, 0, len(of))
	for c := range of {
		customers = append(customers, c)
	}
	return r.deps.Store.LiveKeys(ctx, customers, func(k store.LiveKey) error {
		if e := of[k.Customer]; e != nil && !e.has(k.ID) {
			batch.Tombstone(k, max(k.Version, e.version))
		}
		return nil
	})
}
