package processor

import (
	"context"
	"maps"
	"slices"

	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// archive gives customers whole, as ClickHouse has them, by what is kept of them.
type archive func(kept map[touchpoint.Customer]*identity.Person) (map[touchpoint.Customer]*identity.Person, error)

// fold folds what is old of a customer, where that is worth it and nobody asks for it at once. ClickHouse must be sure to have it.
func (c *cutter) fold(out *portion, customer touchpoint.Customer, who *identity.Person, first *item) {
	if c.archive == nil {
		return
	}
	rules := c.rules.of(customer.Site)
	if line, worth := who.Line(&rules.options); worth && !c.fresh(first.key) && !out.replayed(first) {
		who.Fold(c.builder(rules), customer, line)
	}
}

// replayed tells whether any record of a customer may have been applied before by somebody who could not finish.
func (p *portion) replayed(first *item) bool {
	for it := first; it != nil; it = it.next {
		if (it.counts || it.record != nil) && it.replayedIn(p.partition) {
			return true
		}
	}
	return false
}

// behind tells whether any record of a customer reaches what is folded.
func behind(who *identity.Person, first *item) bool {
	for it := first; it != nil; it = it.next {
		if it.record != nil && behindIDs(who, it.record) || it.counts && who.Behind(&it.touch) {
			return true
		}
	}
	return false
}

func behindIDs(who *identity.Person, r *touchpoint.Record) bool {
	switch kind := r.Kind.(type) {
	case *touchpoint.Record_Link:
		return who.BehindLink(edgeOf(kind.Link))
	case *touchpoint.Record_Unlink:
		return who.BehindUnlink(unlinkOf(kind.Unlink))
	case *touchpoint.Record_Contribution:
		return who.BehindContribution(received(kind.Contribution))
	}
	return false
}

// wholeAtOnce is how many customers are read with one query, and are in memory together.
const wholeAtOnce = 1000

// takeWhole reads the postponed customers from the archive and takes their records.
func (c *cutter) takeWhole(out *portion) error {
	for firsts := range slices.Chunk(out.postponed, wholeAtOnce) {
		if err := c.readAside(out, firsts); err != nil {
			return err
		}
		kept := make(map[touchpoint.Customer]*identity.Person, len(firsts))
		for _, first := range firsts {
			who := &identity.Person{}
			if _, err := c.known(first, who); err != nil {
				return err
			}
			kept[first.row.Customer()] = who
		}
		people, err := c.archive(kept)
		if err != nil {
			return err
		}
		for _, first := range firsts {
			customer := first.row.Customer()
			who := people[customer]
			who.Thaw(kept[customer])
			who.Unsure = who.Unsure || out.erases(first)
			if _, err := c.take(out, who, first, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// archive reads customers from ClickHouse, again and again while that is away.
func (o *owner) archive(ctx context.Context, p *partition) archive {
	return func(kept map[touchpoint.Customer]*identity.Person) (people map[touchpoint.Customer]*identity.Person, err error) {
		err = o.retry(ctx, "history", func() (err error) {
			people, err = o.whole(ctx, p.gone.Known(), kept)
			return err
		})
		o.metrics.readBack.Add(float64(len(people)))
		return people, err
	}
}

func (o *owner) whole(ctx context.Context, gone *erasure.Known, kept map[touchpoint.Customer]*identity.Person) (map[touchpoint.Customer]*identity.Person, error) {
	people := make(map[touchpoint.Customer]*identity.Person, len(kept))
	var linked, users []touchpoint.Customer
	for c, who := range kept {
		people[c] = &identity.Person{}
		if !who.Links.Empty() {
			linked = append(linked, c)
		}
		if len(who.Sources) > 0 {
			users = append(users, c)
		}
	}
	err := o.store.Touches(ctx, slices.Collect(maps.Keys(people)), func(t *store.TouchRow) error {
		who := people[t.Customer]
		who.Own.Floor = max(who.Own.Floor, t.Floor)
		if o.counts(t.Customer.Site, t) {
			who.Own.Add(&t.Touch)
		}
		return nil
	})
	if err == nil && len(linked) > 0 {
		err = o.store.Links(ctx, linked, func(l *store.LinkedID) error {
			withoutErased(l, gone)
			people[touchpoint.Customer{Site: l.Site, Kind: touchpoint.KindAnonymous, ID: l.AnonymousID}].Links = linksOf(l)
			return nil
		})
	}
	var reach reach
	if err == nil && len(users) > 0 {
		reach, err = o.look(ctx)
	}
	if err == nil && len(users) > 0 {
		err = o.store.Sources(ctx, users, func(s *store.SourceOf) error {
			withoutErased(&s.LinkedID, gone)
			s.Taken = reach.credible(s)
			o.contributed(people[touchpoint.Customer{Site: s.Site, Kind: touchpoint.KindUser, ID: s.UserID}], s)
			return nil
		})
	}
	return people, err
}
