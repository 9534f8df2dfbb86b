package processor

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// RebuildStore is what a rebuild reads from and writes to. store.Store has it.
type RebuildStore interface {
	Write(ctx context.Context, batches ...*store.Batch) error
	LiveKeys(ctx context.Context, customers []touchpoint.Customer, fn func(store.LiveKey) error) error
	// Parts tells in how many parts the customers of a site should be read.
	Parts(ctx context.Context, site string) (int, error)
	// PartTouches, PartLinks and PartSources read a part as Store.Restore, RestoreLinks and RestoreSources do a partition, all in the order of
	// site, kind and id of the customer, with what stage rules look at.
	PartTouches(ctx context.Context, p store.Part, fn func(*store.TouchRow) error) error
	PartLinks(ctx context.Context, p store.Part, fn func(*store.LinkedID) error) error
	PartSources(ctx context.Context, p store.Part, fn func(*store.SourceOf) error) error
	// Months lists in which months a site has touchpoints, and Reread gives those of one whole.
	Months(ctx context.Context, site string) ([]store.Month, error)
	Reread(ctx context.Context, site string, month uint32, fn func(*store.TouchpointRow) error) error
	// Erasures gives the marks of everything that was erased.
	Erasures(ctx context.Context) ([]erasure.Mark, error)
	// Rebuilds gives the steps of the last rebuild of each site.
	Rebuilds(ctx context.Context) ([]store.RebuildStep, error)
	NoteRebuild(ctx context.Context, step store.RebuildStep) error
	// Deleting names the tables from which rows are being deleted for good.
	Deleting(ctx context.Context) ([]string, error)
}

// RebuildDeps are what a rebuild is given.
type RebuildDeps struct {
	Logger *slog.Logger
	// Site is the one whose rows are rebuilt, Rules are its new stage rules.
	Site  *sites.Site
	Rules *stages.Rules
	Store RebuildStore
	// All writes every row, not only those that the rules change: for options of the site that have changed.
	All bool
	// Sample is how many changed journeys are listed.
	Sample int
	// Progress is told how far it has come; nil for nobody.
	Progress func(RebuildProgress)
	// Quiet fails as long as processors are at work; nil where it is sure that none is.
	Quiet func(ctx context.Context) error
	// Now is the clock; nil is that of the machine.
	Now func() time.Time
}

// RebuildProgress is how far a rebuild has come.
type RebuildProgress struct {
	// What is being done: "journeys" or "touchpoints".
	Step string
	// Touchpoints that were read, of how many.
	Done, Of uint64
}

// Rebuild gives the stored touchpoints of a site the stages of other rules. First the rows of the customers are written that
// change by it, then the touchpoints. Until the last of those is written what is stored still tells the rows of before, so that
// both parts can be begun again after a crash. No processor may be at work.
type Rebuild struct {
	deps RebuildDeps
	// Of the site, with its new rules.
	rules *siteRules
	// Knows no state: it counts touches, and makes sets of them.
	owner  *owner
	cutter *cutter
	report *RebuildReport
	// Memory that is used again.
	before, after journey.Rows
	// What is noted of this rebuild.
	mark  store.RebuildStep
	total uint64
	read  uint64
	// What was erased.
	gone *erasure.Known
}

// NewRebuild checks the site's options; it does no I/O.
func NewRebuild(d RebuildDeps) (*Rebuild, error) {
	book, err := newRulebook(sites.Default(), func(string) (*stages.Rules, error) { return d.Rules, nil })
	if err != nil {
		return nil, err
	}
	rules, err := newSiteRules(d.Site, func(string) (*stages.Rules, error) { return d.Rules, nil })
	if err != nil {
		return nil, fmt.Errorf("site %s: %w", d.Site.ID, err)
	}
	book.sites = map[string]*siteRules{d.Site.ID: rules}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Quiet == nil {
		d.Quiet = func(context.Context) error { return nil }
	}
	if d.Progress == nil {
		d.Progress = func(RebuildProgress) {}
	}
	return &Rebuild{deps: d, rules: rules, owner: &owner{rules: book}, cutter: newCutter(book, nil)}, nil
}

// Compare reads everything, writes nothing, and gives what Run would change.
func (r *Rebuild) Compare(ctx context.Context) (*RebuildReport, error) {
	if err := r.count(ctx); err != nil {
		return nil, err
	}
	parts, err := r.deps.Store.Parts(ctx, r.deps.Site.ID)
	if err != nil {
		return nil, err
	}
	for i := range parts {
		for p, err := range r.people(ctx, store.Part{Site: r.deps.Site.ID, Number: i, Of: parts}) {
			if err != nil {
				return nil, err
			}
			if _, _, err := r.compare(p); err != nil {
				return nil, err
			}
		}
	}
	return r.report.done(), nil
}

// count begins a report, and finds how much there is to read and what was erased.
func (r *Rebuild) count(ctx context.Context) error {
	r.report = newRebuildReport(r.deps.Site.ID, r.deps.Rules.Version(), r.deps.Sample)
	r.total, r.read = 0, 0
	marks, err := r.deps.Store.Erasures(ctx)
	if err != nil {
		return err
	}
	r.gone = new(erasure.Register).Learn(marks...)
	months, err := r.deps.Store.Months(ctx, r.deps.Site.ID)
	for _, m := range months {
		r.total += m.Rows
	}
	return err
}

// passed counts touchpoints that were read.
func (r *Rebuild) passed(step string, n int) {
	before := r.read
	r.read += uint64(n)
	if before/progressEvery != r.read/progressEvery {
		r.deps.Progress(RebuildProgress{Step: step, Done: min(r.read, r.total), Of: r.total})
	}
}

const progressEvery = 2000

// people gives the customers of a part, one after another. What it gives is valid until the next one.
func (r *Rebuild) people(ctx context.Context, part store.Part) iter.Seq2[*storedPerson, error] {
	return func(yield func(*storedPerson, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		m := newMerge(ctx, r.deps.Store, part)
		defer m.stop()
		for {
			p, err := m.next()
			if p != nil {
				p.forget(r.gone)
			}
			if p == nil && err == nil || !yield(p, err) || err != nil {
				return
			}
			r.passed("journeys", len(p.own))
		}
	}
}
