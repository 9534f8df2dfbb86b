package processor

import (
	"context"
	"slices"
	"strings"

	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

func (m *memory) Rebuilds(context.Context) ([]store.RebuildStep, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var last []store.RebuildStep
	for _, s := range m.rebuilds {
		last = slices.DeleteFunc(last, func(o store.RebuildStep) bool { return o.Site == s.Site && o.Rebuild < s.Rebuild })
		last = append(last, s)
	}
	return last, nil
}

func (m *memory) Deleting(context.Context) ([]string, error) { return m.deleting, nil }

func (m *memory) NoteRebuild(_ context.Context, step store.RebuildStep) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rebuilds = append(m.rebuilds, step)
	return nil
}

func (m *memory) Parts(context.Context, string) (int, error) { return 3, nil }

func inPart(p store.Part, c touchpoint.Customer) bool {
	return c.Site == p.Site && int(c.Bucket())%p.Of == p.Number
}

// PartTouches gives touches in the order of customers, with what is stored of what rules look at.
func (m *memory) PartTouches(_ context.Context, p store.Part, fn func(*store.TouchRow) error) error {
	given := m.given()
	return inOrder(func(add func(*store.TouchRow) error) error {
		return m.touches(func(c touchpoint.Customer) bool { return inPart(p, c) }, add)
	}, func(t *store.TouchRow) touchpoint.Customer { return t.Customer }, func(t *store.TouchRow) error {
		t.Given = given[t.Customer][t.Touch.MessageID.Text()]
		return fn(t)
	})
}

func (m *memory) PartLinks(_ context.Context, p store.Part, fn func(*store.LinkedID) error) error {
	return inOrder(func(add func(*store.LinkedID) error) error {
		return m.links(func(c touchpoint.Customer) bool { return inPart(p, c) }, add)
	}, func(l *store.LinkedID) touchpoint.Customer {
		return touchpoint.Customer{Site: l.Site, Kind: touchpoint.KindAnonymous, ID: l.AnonymousID}
	}, fn)
}

func (m *memory) PartSources(_ context.Context, p store.Part, fn func(*store.SourceOf) error) error {
	given := m.given()
	return inOrder(func(add func(*store.SourceOf) error) error {
		return m.sources(func(c touchpoint.Customer) bool { return inPart(p, c) }, add)
	}, func(s *store.SourceOf) touchpoint.Customer {
		return touchpoint.Customer{Site: s.Site, Kind: touchpoint.KindUser, ID: s.UserID}
	}, func(s *store.SourceOf) error {
		for i := range s.Touches {
			t := &s.Touches[i]
			t.Given = given[touchpoint.Customer{Site: s.Site, Kind: touchpoint.KindAnonymous, ID: s.AnonymousID}][t.Touch.MessageID.Text()]
		}
		return fn(s)
	})
}

// given finds what rules look at by customer and message id.
func (m *memory) given() map[touchpoint.Customer]map[string]*store.Given {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[touchpoint.Customer]map[string]*store.Given{}
	for _, t := range m.touchpoints {
		if t.Deleted {
			continue
		}
		c := t.Customer()
		if all[c] == nil {
			all[c] = map[string]*store.Given{}
		}
		all[c][t.MessageId] = &store.Given{
			Event: t.Event, Type: t.Type, Path: t.Path, Properties: t.Properties, Sent: stages.Stage(t.Touchpoint.Stage), Rule: t.StageRule,
		}
	}
	return all
}

// inOrder calls fn with what all gives, in the order of the customers.
func inOrder[T any](all func(func(*T) error) error, of func(*T) touchpoint.Customer, fn func(*T) error) error {
	var values []T
	if err := all(func(v *T) error { values = append(values, *v); return nil }); err != nil {
		return err
	}
	slices.SortStableFunc(values, func(a, b T) int { return compareCustomers(of(&a), of(&b)) })
	for i := range values {
		if err := fn(&values[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Months(context.Context, string) ([]store.Month, error) {
	return []store.Month{{Month: 1}, {Month: 2}}, nil
}

// Reread takes those with a message id of an even length as one month, the others as the other.
func (m *memory) Reread(_ context.Context, site string, month uint32, fn func(*store.TouchpointRow) error) error {
	m.mu.Lock()
	var rows []store.TouchpointRow
	for _, t := range m.touchpoints {
		if !t.Deleted && t.Site == site && uint32(len(t.MessageId)%2)+1 == month {
			rows = append(rows, t)
		}
	}
	m.mu.Unlock()
	slices.SortFunc(rows, func(a, b store.TouchpointRow) int { return strings.Compare(a.MessageId, b.MessageId) })
	for i := range rows {
		if err := fn(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}
