package processor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/state"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// restore wipes the buckets of partitions and fills them from ClickHouse. The offsets are written last, so that a crash on the
// way leaves a state that does not count. It gives the number of touches and links that ClickHouse had for each, bots included.
func (o *owner) restore(ctx context.Context, offsets map[int]int64) (found map[int]int, err error) {
	// Each reading passes over all of the tables. So several partitions are read as one of one, which has everybody.
	partition, of := 0, 1
	for p := range offsets {
		if len(offsets) == 1 {
			partition, of = p, int(o.count)
		}
		if err := o.wipe(p); err != nil {
			return nil, err
		}
	}
	marks, err := o.store.Erasures(ctx)
	if err != nil {
		return nil, err
	}
	r := restorer{owner: o, batch: o.state.NewBatch(), offsets: offsets, found: map[int]int{}}
	r.gone = new(erasure.Register).Learn(marks...)
	for _, step := range []func() error{
		func() error { return r.mark(marks) },
		func() error { return o.store.Restore(ctx, partition, of, time.Time{}, r.row) },
		r.done,
		r.commit, // what follows reads it
		func() error { return o.store.RestoreLinks(ctx, partition, of, r.linked) },
		func() (err error) { r.reach, err = o.look(ctx); return err },
		func() error { return o.store.RestoreSources(ctx, partition, of, r.source) },
		r.doneUser,
		func() error { return o.store.Write(ctx, &r.leftovers) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	o.metrics.restored.Add(float64(r.touches))
	for p, offset := range offsets {
		if err := r.batch.SetApplied(int32(p), state.Applied{Offset: offset, Partitions: o.count, Rebuilt: o.rebuilt.last}); err != nil {
			return nil, err
		}
	}
	return r.found, r.batch.Commit()
}

// wants tells whether a bucket is of a partition that is restored, and counts what was found for that.
func (r *restorer) wants(bucket uint16) bool {
	partition := int(topics.Partition(bucket, int(r.owner.count)))
	if _, ok := r.offsets[partition]; !ok {
		return false
	}
	r.found[partition]++
	return true
}

func (o *owner) wipe(partition int) error {
	b := o.state.NewBatch()
	if err := errors.Join(b.Forget(int32(partition)), b.WipeMarks(int32(partition))); err != nil {
		return err
	}
	for bucket := partition; bucket < touchpoint.Buckets; bucket += int(o.count) {
		if err := b.Wipe(uint16(bucket)); err != nil {
			return err
		}
	}
	return b.Commit()
}

// restorer gathers what ClickHouse has of one customer after another.
type restorer struct {
	owner    *owner
	batch    *state.Batch
	customer touchpoint.Customer
	bucket   uint16
	set      journey.Set
	// The user whose sources are gathered, and what is kept of the user.
	user touchpoint.Customer
	who  identity.Person
	// How far group and log were before the sources were read.
	reach reach
	// Tombstones that a flush which was cut off did not write.
	leftovers store.Batch
	// How many customers were put, and touches found.
	sets, touches int
	// The partitions that are restored, and what was found for each.
	offsets map[int]int64
	found   map[int]int
	// What was erased.
	gone *erasure.Known
}

// mark remembers in each partition what was erased.
func (r *restorer) mark(marks []erasure.Mark) error {
	for p := range r.offsets {
		for _, m := range marks {
			if err := r.batch.PutMark(int32(p), m); err != nil {
				return err
			}
		}
	}
	return nil
}

// row takes one stored touch; the touches of a customer come together.
func (r *restorer) row(t *store.TouchRow) error {
	if !r.wants(t.Bucket) {
		return nil
	}
	if t.Customer != r.customer {
		if err := r.done(); err != nil {
			return err
		}
		r.customer, r.bucket = t.Customer, t.Bucket
		r.set.Reset(r.set.Touches[:0], t.Floor)
	}
	r.touches++
	if !r.owner.counts(t.Customer.Site, t) {
		return nil
	}
	switch verdict, old := r.set.Add(&t.Touch); verdict {
	case journey.Duplicate:
		r.bury(t, &t.Touch, &old)
	case journey.Replaced:
		r.bury(t, &old, &t.Touch)
	}
	return nil
}

// counts makes a stored touch as its site's rules want it, and tells whether it takes part in journeys.
func (o *owner) counts(site string, t *store.TouchRow) bool {
	rules := o.rules.of(site)
	t.Touch.Revenue = rules.revenue(t.Touch.Revenue, t.Currency)
	return !t.Bot || !rules.excludeBots
}

// bury tombstones a copy of a touchpoint that another one wins over, where it lies under a key of its own.
func (r *restorer) bury(t *store.TouchRow, loser, winner *journey.Touch) {
	if dayOf(loser.OccurredAt) == dayOf(winner.OccurredAt) {
		return
	}
	r.leftovers.Touchpoints = append(r.leftovers.Touchpoints, &store.TouchpointRow{
		Touchpoint: &touchpoint.Touchpoint{
			Site: t.Customer.Site, MessageId: loser.MessageID.Text(), UserId: t.UserID, AnonymousId: t.AnonymousID,
			OccurredAt: loser.OccurredAt, ReceivedAt: loser.ReceivedAt,
		},
		Bucket: t.Bucket, Version: touchpointVersion(winner.ReceivedAt, nil) | hashMask, Deleted: true,
	})
}

// done stores the gathered customer.
func (r *restorer) done() error {
	if len(r.set.Touches) == 0 {
		return nil
	}
	r.set.Sort()
	err := r.put(state.Key(nil, r.bucket, r.customer), state.Encode(nil, &r.set))
	r.set.Touches = r.set.Touches[:0]
	return err
}

// setsPerBatch bounds the memory of a batch during a restore.
const setsPerBatch = 10_000

func (r *restorer) put(key, blob []byte) error {
	if err := r.batch.Put(key, blob); err != nil {
		return err
	}
	if r.sets++; r.sets%setsPerBatch != 0 {
		return nil
	}
	return r.commit()
}

func (r *restorer) commit() error {
	if err := r.batch.Commit(); err != nil {
		return err
	}
	r.batch = r.owner.state.NewBatch()
	return nil
}

// linked adds to an anonymous id who was seen on it.
func (r *restorer) linked(l *store.LinkedID) error {
	customer := touchpoint.Customer{Site: l.Site, Kind: touchpoint.KindAnonymous, ID: l.AnonymousID}
	bucket := customer.Bucket()
	if !r.wants(bucket) {
		return nil
	}
	key := state.Key(nil, bucket, customer)
	var who identity.Person
	if err := r.read(key, &who); err != nil {
		return err
	}
	withoutErased(l, r.gone)
	who.Links = linksOf(l)
	for _, e := range l.Edges {
		if live := who.Links.Has(e.Edge) && who.Links.Live(e.Edge); !live && !e.Deleted {
			r.leftovers.Identities = append(r.leftovers.Identities, identityRow(customer, bucket, e.Edge, false))
		}
	}
	return r.put(key, state.EncodePerson(nil, &who))
}

func (r *restorer) read(key []byte, who *identity.Person) error {
	who.Reset()
	blob, err := r.owner.state.Get(key)
	if err != nil || blob == nil {
		return err
	}
	if err := state.DecodePerson(blob, who); err != nil {
		return fmt.Errorf("what was restored: %w", err)
	}
	return nil
}

// linksOf folds what is stored of an anonymous id; edges that are withdrawn or not the earliest of their window are stored as
// tombstones and count here as well.
func linksOf(l *store.LinkedID) (links identity.Links) {
	for _, e := range l.Edges {
		links.Add(e.Edge)
	}
	for _, u := range l.Unlinks {
		links.Withdraw(u)
	}
	return links
}

// source adds to a user what an anonymous id contributes; the sources of a user come together. ClickHouse has all that
// the user ever took from it and perhaps more, which the anonymous id's owner is about to tell. So it counts as the newest that was
// taken, and the rows of the user may be of before it.
func (r *restorer) source(s *store.SourceOf) error {
	user := touchpoint.Customer{Site: s.Site, Kind: touchpoint.KindUser, ID: s.UserID}
	if !r.wants(user.Bucket()) {
		return nil
	}
	s.Taken = r.reach.credible(s)
	if user != r.user {
		if err := r.doneUser(); err != nil {
			return err
		}
		r.user = user
		if err := r.read(state.Key(nil, user.Bucket(), user), &r.who); err != nil {
			return err
		}
	}
	withoutErased(&s.LinkedID, r.gone)
	r.owner.contributed(&r.who, s)
	return nil
}

// contributed adds to a user what follows from the touches and links of an anonymous id.
func (o *owner) contributed(who *identity.Person, s *store.SourceOf) {
	var set journey.Set
	for i := range s.Touches {
		if t := &s.Touches[i]; o.counts(s.Site, t) {
			set.Add(&t.Touch)
		}
	}
	set.Sort()
	links := linksOf(&s.LinkedID)
	shares, _ := links.Split(set.Touches, nil, o.partLimit())
	who.Sources.Apply(&identity.Contribution{Part: identity.Part{UserID: s.UserID}, AnonymousID: s.AnonymousID, Sequence: s.Taken, Sweep: true})
	for _, c := range shares.Everything(nil) {
		if c.UserID == s.UserID {
			c.AnonymousID, c.Sequence = s.AnonymousID, s.Taken
			who.Sources.Apply(&c)
		}
	}
	who.Own.Floor = max(who.Own.Floor, s.Version)
}

// doneUser stores the gathered user.
func (r *restorer) doneUser() error {
	if r.user.ID == "" {
		return nil
	}
	r.who.Unsure = true
	err := r.put(state.Key(nil, r.user.Bucket(), r.user), state.EncodePerson(nil, &r.who))
	r.user = touchpoint.Customer{}
	return err
}
