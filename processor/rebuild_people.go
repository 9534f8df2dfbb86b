package processor

import (
	"cmp"
	"context"
	"errors"
	"iter"

	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// storedPerson is all that ClickHouse has of one customer.
type storedPerson struct {
	customer touchpoint.Customer
	own      []store.TouchRow
	// nil for a user, and for an anonymous id that nobody was seen on.
	links *store.LinkedID
	// Of a user.
	sources []store.SourceOf
	// No row of the customer has a greater version.
	floor uint64
}

// forget drops links that were erased, whose tombstones are still there.
func (p *storedPerson) forget(gone *erasure.Known) {
	if p.links != nil {
		withoutErased(p.links, gone)
	}
	for i := range p.sources {
		withoutErased(&p.sources[i].LinkedID, gone)
	}
}

// merge reads three streams side by side: touches, links and sources, all in the order of the customers.
type merge struct {
	touches *stream[store.TouchRow]
	links   *stream[store.LinkedID]
	sources *stream[store.SourceOf]
	person  storedPerson
}

func newMerge(ctx context.Context, rows RebuildStore, part store.Part) *merge {
	return &merge{
		touches: newStream(func(fn func(*store.TouchRow) error) error { return rows.PartTouches(ctx, part, fn) },
			func(t *store.TouchRow) touchpoint.Customer { return t.Customer }),
		links: newStream(func(fn func(*store.LinkedID) error) error { return rows.PartLinks(ctx, part, fn) },
			func(l *store.LinkedID) touchpoint.Customer {
				return touchpoint.Customer{Site: l.Site, Kind: touchpoint.KindAnonymous, ID: l.AnonymousID}
			}),
		sources: newStream(func(fn func(*store.SourceOf) error) error { return rows.PartSources(ctx, part, fn) },
			func(s *store.SourceOf) touchpoint.Customer {
				return touchpoint.Customer{Site: s.Site, Kind: touchpoint.KindUser, ID: s.UserID}
			}),
	}
}

// next gives the next customer that has touches or sources, nil at the end. Anonymous ids come before users: so the sources are not asked for
// before the first user is reached, and no stream waits for long.
func (m *merge) next() (*storedPerson, error) {
	p := &m.person
	*p = storedPerson{own: p.own[:0], sources: p.sources[:0]}
	next, some := m.touches.head()
	if m.touches.err == nil && (!some || next.Kind == touchpoint.KindUser) {
		if user, ok := m.sources.head(); ok && (!some || compareCustomers(user, next) < 0) {
			next, some = user, true
		}
	}
	if err := m.err(); err != nil || !some {
		return nil, err
	}
	p.customer = next
	m.touches.take(next, func(t *store.TouchRow) {
		p.own = append(p.own, *t)
		p.floor = max(p.floor, t.Floor)
	})
	m.links.take(next, func(l *store.LinkedID) { p.links = l })
	if next.Kind == touchpoint.KindUser {
		m.sources.take(next, func(s *store.SourceOf) {
			p.sources = append(p.sources, *s)
			p.floor = max(p.floor, s.Version)
		})
	}
	return p, m.err()
}

func (m *merge) err() error { return errors.Join(m.touches.err, m.links.err, m.sources.err) }

func (m *merge) stop() {
	m.touches.stop()
	m.links.stop()
	m.sources.stop()
}

// compareCustomers is the order of the tables: site, kind by its name, id.
func compareCustomers(a, b touchpoint.Customer) int {
	return cmp.Or(cmp.Compare(a.Site, b.Site), cmp.Compare(a.Kind.String(), b.Kind.String()), cmp.Compare(a.ID, b.ID))
}

// stream is what a reading function gives, one value after another.
type stream[T any] struct {
	pull func() (T, bool)
	stop func()
	of   func(*T) touchpoint.Customer
	// The value that was read last and not taken, if there is one.
	value T
	there bool
	begun bool
	err   error
}

var errEnough = errors.New("nobody wants more")

func newStream[T any](read func(fn func(*T) error) error, of func(*T) touchpoint.Customer) *stream[T] {
	s := &stream[T]{of: of}
	s.pull, s.stop = iter.Pull(func(yield func(T) bool) {
		err := read(func(v *T) error {
			if !yield(*v) {
				return errEnough
			}
			return nil
		})
		if !errors.Is(err, errEnough) {
			s.err = err
		}
	})
	return s
}

// head tells whose the next value is; false at the end.
func (s *stream[T]) head() (touchpoint.Customer, bool) {
	if !s.begun {
		s.begun = true
		s.value, s.there = s.pull()
	}
	if !s.there {
		return touchpoint.Customer{}, false
	}
	return s.of(&s.value), true
}

// take passes on the values of a customer, and leaves out those of customers before.
func (s *stream[T]) take(c touchpoint.Customer, fn func(*T)) {
	for {
		head, ok := s.head()
		if !ok || compareCustomers(head, c) > 0 {
			return
		}
		if value := s.value; head == c {
			fn(&value)
		}
		s.value, s.there = s.pull()
	}
}
