package store

import (
	"context"
	"errors"
	"sync"
)

// Write puts a batch into ClickHouse: touchpoints first, then the other tables at the same time. It returns when
// all is acknowledged. What the network, a restart or overload refuses is tried again until ctx is done, so ctx must
// bound the flush. Any batch may be written again: the rows replace themselves. Errors: *RejectedError when single
// rows were refused and all others are in; else see Classify.
func (s *Store) Write(ctx context.Context, b *Batch) error {
	poison, err := s.touchpoints.write(ctx, b.Touchpoints)
	if err != nil {
		return err
	}
	parts := []func() ([]Poison, error){
		func() ([]Poison, error) { return s.sessions.write(ctx, pointers(b.Sessions)) },
		func() ([]Poison, error) { return s.journeys.write(ctx, pointers(b.Journeys)) },
		func() ([]Poison, error) { return s.transitions.write(ctx, pointers(b.Transitions)) },
		func() ([]Poison, error) { return s.identities.write(ctx, pointers(b.Identities)) },
		func() ([]Poison, error) { return s.rejected.write(ctx, b.Rejected) },
	}
	refused, err := together(parts)
	if err != nil {
		return err
	}
	if poison = append(poison, refused...); len(poison) > 0 {
		return &RejectedError{Rows: poison}
	}
	return nil
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
