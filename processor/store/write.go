package store

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Write puts batches into ClickHouse, as if they were one: touchpoints first, then the other tables at the same time. It
// returns when all is acknowledged. What the network, a restart or overload refuses is tried again until ctx is done, so ctx must
// bound the flush. Batches may be written again: the rows replace themselves. Errors: *RejectedError when single
// rows were refused and all others are in; else see Classify.
func (s *Store) Write(ctx context.Context, batches ...*Batch) error {
	poison, err := s.touchpoints.write(ctx, Touchpoints(batches))
	if err != nil {
		return err
	}
	parts := []func() ([]Poison, error){
		part(ctx, s.sessions, batches, func(b *Batch) []journey.Session { return b.Sessions }),
		part(ctx, s.journeys, batches, func(b *Batch) []journey.Journey { return b.Journeys }),
		part(ctx, s.transitions, batches, func(b *Batch) []journey.Transition { return b.Transitions }),
		part(ctx, s.identities, batches, func(b *Batch) []Identity { return b.Identities }),
		part(ctx, s.unlinks, batches, func(b *Batch) []Unlink { return b.Unlinks }),
		part(ctx, s.contributions, batches, func(b *Batch) []Contribution { return b.Contributions }),
		func() ([]Poison, error) {
			return s.rejected.write(ctx, slices.Concat(of(batches, func(b *Batch) []*touchpoint.Rejection { return b.Rejected })...))
		},
	}
	refused, err := together(parts)
	if err != nil {
		return err
	}
	poison = append(poison, refused...)
	// Last: once a mark is there, what it says is done.
	if refused, err = part(ctx, s.erasures, batches, func(b *Batch) []Erasure { return b.Erasures })(); err != nil {
		return err
	}
	if poison = append(poison, refused...); len(poison) > 0 {
		return &RejectedError{Rows: poison}
	}
	return nil
}

// part writes one list of each batch into one table.
func part[T any](ctx context.Context, t *table[*T], batches []*Batch, list func(*Batch) []T) func() ([]Poison, error) {
	return func() ([]Poison, error) { return t.write(ctx, pointers(of(batches, list)...)) }
}

// together runs all parts to their end and gathers what they return.
func together(parts []func() ([]Poison, error)) ([]Poison, error) {
	refused := make([][]Poison, len(parts))
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		wg.Go(func() { refused[i], errs[i] = part() })
	}
	wg.Wait()
	var all []Poison
	for _, p := range refused {
		all = append(all, p...)
	}
	return all, errors.Join(errs...)
}
