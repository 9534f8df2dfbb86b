package processor

import (
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// compare builds a customer's rows under the stored stages and under those of the new rules. They are valid until the next call.
func (r *Rebuild) compare(p *storedPerson) (before, after *journey.Rows, err error) {
	set, err := r.set(p, 0)
	if err != nil {
		return nil, nil, err
	}
	builder := r.cutter.builder(r.rules)
	builder.Build(p.customer, set, &r.before)
	changes := r.restage(p)
	r.report.touchpoints(p, changes)
	// Whatever is stored of the customer loses against what is built now.
	if set, err = r.set(p, p.floor+1); err != nil {
		return nil, nil, err
	}
	builder.Build(p.customer, set, &r.after)
	r.report.customer(p.customer, set, &r.before, &r.after, changes)
	return &r.before, &r.after, nil
}

// set gives what the customer's journeys are built of; floor is what their version must not fall below.
func (r *Rebuild) set(p *storedPerson, floor uint64) (*journey.Set, error) {
	who := &r.cutter.person
	who.Reset()
	for i := range p.own {
		if t := p.own[i]; r.owner.counts(p.customer.Site, &t) {
			who.Own.Add(&t.Touch)
		}
	}
	who.Own.Sort()
	if p.links != nil {
		who.Links = linksOf(p.links)
	}
	for i := range p.sources {
		r.owner.contributed(who, &p.sources[i])
	}
	who.Own.Floor = max(who.Own.Floor, floor)
	set, _ := r.cutter.view(who)
	return set, nil
}

// restaged is a touch whose stage or rule is another one under the new rules.
type restaged struct {
	id       journey.MessageID
	at       int64
	event    string
	from, to stages.Stage
	rule     string
	// One of the customer's own touchpoints, and not of an anonymous id that contributes.
	own bool
}

// restage gives all touches of a customer the stages of the new rules, and tells what has changed.
func (r *Rebuild) restage(p *storedPerson) (changes []restaged) {
	one := func(t *store.TouchRow, own bool) {
		stage, rule := r.stage(t)
		if stage == t.Touch.Stage && rule == t.Given.Rule {
			return
		}
		changes = append(changes, restaged{t.Touch.MessageID, t.Touch.OccurredAt, t.Given.Event, t.Touch.Stage, stage, rule, own})
		t.Touch.Stage = stage
	}
	for i := range p.own {
		one(&p.own[i], true)
	}
	for i := range p.sources {
		for k := range p.sources[i].Touches {
			one(&p.sources[i].Touches[k], false)
		}
	}
	return changes
}

// stage is what the new rules say of a stored touchpoint: that which it was sent with stays.
func (r *Rebuild) stage(t *store.TouchRow) (stages.Stage, string) {
	return r.rules.stage(&touchpoint.Touchpoint{
		Stage: uint32(t.Given.Sent), Event: t.Given.Event, Type: t.Given.Type, Channel: t.Touch.Channel, Path: t.Given.Path, Properties: t.Given.Properties,
	})
}

// difference adds to out what turns before into after, nothing where they are the same. Wherever anything is written a journey is:
// whoever restores the customer reads from the journeys which version is the greatest.
func difference(before, after, out *journey.Rows) (changed bool) {
	sessions, journeys, transitions := len(out.Sessions), len(out.Journeys), len(out.Transitions)
	journey.Diff(before, after, out)
	if len(out.Journeys) > journeys || len(out.Sessions) == sessions && len(out.Transitions) == transitions {
		return len(out.Journeys) > journeys
	}
	if n := len(after.Journeys); n > 0 {
		journey.Diff(&journey.Rows{}, &journey.Rows{Journeys: after.Journeys[n-1:]}, out)
	}
	return true
}
