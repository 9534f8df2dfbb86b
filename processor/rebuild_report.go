package processor

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// RebuildReport is what other stage rules make of stored touchpoints.
type RebuildReport struct {
	Site         string `json:"site"`
	RulesVersion string `json:"rules_version"`
	// Journeys that reached each stage, in any order, from awareness on.
	Reached [stages.Last]Counts `json:"reached"`
	// All rows of each kind.
	Transitions Counts `json:"transitions"`
	Journeys    Counts `json:"journeys"`
	Sessions    Counts `json:"sessions"`
	// Customers, and those of whom any row changes.
	Customers        uint64 `json:"customers"`
	ChangedCustomers uint64 `json:"changed_customers"`
	// Journeys whose stages change.
	ChangedJourneys uint64 `json:"changed_journeys"`
	// Touchpoints, and those that get another stage, or the same by another rule.
	Touchpoints        uint64 `json:"touchpoints"`
	ChangedTouchpoints uint64 `json:"changed_touchpoints"`
	// Which events get another stage, the most frequent first.
	Events []EventChange `json:"events"`
	// Some of the changed journeys.
	Sample []JourneyChange `json:"sample"`

	sample int
	events map[EventChange]uint64
}

// Counts are of before and of after.
type Counts struct {
	Before uint64 `json:"before"`
	After  uint64 `json:"after"`
}

// EventChange is touchpoints of one event that get another stage.
type EventChange struct {
	Event string       `json:"event"`
	From  stages.Stage `json:"from"`
	To    stages.Stage `json:"to"`
	// The rule that says so, empty where none matches any more.
	Rule        string `json:"rule"`
	Touchpoints uint64 `json:"touchpoints"`
}

// JourneyChange is a journey whose stages change.
type JourneyChange struct {
	Customer touchpoint.Customer `json:"customer"`
	// The stages one after another.
	Before []stages.Stage `json:"before"`
	After  []stages.Stage `json:"after"`
	// The first of its touchpoints that get another stage; At in Unix milliseconds.
	At    int64       `json:"at"`
	Event EventChange `json:"event"`
	id    journey.ID
}

func newRebuildReport(site, version string, sample int) *RebuildReport {
	return &RebuildReport{Site: site, RulesVersion: version, sample: sample, events: map[EventChange]uint64{}}
}

// touchpoints counts those that a customer was sent with.
func (r *RebuildReport) touchpoints(p *storedPerson, changes []restaged) {
	r.Touchpoints += uint64(len(p.own))
	for _, c := range changes {
		if !c.own {
			continue
		}
		r.ChangedTouchpoints++
		if c.from == c.to {
			continue
		}
		if key := c.change(); r.events[key] > 0 || len(r.events) < maxEvents {
			r.events[key]++
		}
	}
}

func (c restaged) change() EventChange {
	return EventChange{Event: c.event, From: c.from, To: c.to, Rule: c.rule}
}

// maxEvents bounds how many events are told apart.
const maxEvents = 10_000

// customer counts the rows of a customer, and keeps changed journeys for the sample.
func (r *RebuildReport) customer(c touchpoint.Customer, set *journey.Set, before, after *journey.Rows, changes []restaged) {
	count(before, func(n *Counts) *uint64 { return &n.Before }, r)
	count(after, func(n *Counts) *uint64 { return &n.After }, r)
	r.Customers++
	var changed journey.Rows
	if journey.Diff(before, after, &changed); len(changed.Sessions)+len(changed.Journeys)+len(changed.Transitions) == 0 {
		return
	}
	r.ChangedCustomers++
	for i := range after.Journeys {
		j := &after.Journeys[i]
		from, to := path(before, j.ID), path(after, j.ID)
		if slices.Equal(from, to) {
			continue
		}
		r.ChangedJourneys++
		change := JourneyChange{Customer: c, Before: from, After: to, id: j.ID}
		if first, ok := firstChange(set, j, changes); ok && r.keeps(&change) {
			change.At, change.Event = first.at, first.change()
			r.keep(change)
		}
	}
}

func count(rows *journey.Rows, side func(*Counts) *uint64, r *RebuildReport) {
	*side(&r.Sessions) += uint64(len(rows.Sessions))
	*side(&r.Journeys) += uint64(len(rows.Journeys))
	*side(&r.Transitions) += uint64(len(rows.Transitions))
	for i := range rows.Journeys {
		for s := stages.Awareness; s <= stages.Last; s++ {
			if rows.Journeys[i].StageAt[s] != 0 {
				*side(&r.Reached[s-1])++
			}
		}
	}
}

// path is the stages of a journey, one after another.
func path(rows *journey.Rows, id journey.ID) (all []stages.Stage) {
	for i := range rows.Transitions {
		if t := &rows.Transitions[i]; t.JourneyID == id {
			all = append(all, t.To)
		}
	}
	return all
}

// firstChange finds the first touch of a journey that gets another stage.
func firstChange(set *journey.Set, j *journey.Journey, changes []restaged) (first restaged, found bool) {
	for _, c := range changes {
		if c.from == c.to || c.at < j.StartedAt || c.at > j.EndedAt || found && c.at >= first.at {
			continue
		}
		if slices.ContainsFunc(set.Touches, func(t journey.Touch) bool { return t.MessageID == c.id }) {
			first, found = c, true
		}
	}
	return first, found
}

// keeps tells whether a journey belongs into the sample: those with the least ids do, and ids are hashes.
func (r *RebuildReport) keeps(j *JourneyChange) bool {
	n := len(r.Sample)
	return n < r.sample || n > 0 && j.compare(&r.Sample[n-1]) < 0
}

func (r *RebuildReport) keep(j JourneyChange) {
	at, _ := slices.BinarySearchFunc(r.Sample, j, func(a, b JourneyChange) int { return a.compare(&b) })
	r.Sample = slices.Insert(r.Sample, at, j)
	r.Sample = r.Sample[:min(len(r.Sample), r.sample)]
}

func (j *JourneyChange) compare(o *JourneyChange) int { return bytes.Compare(j.id[:], o.id[:]) }

// done puts the events in order.
func (r *RebuildReport) done() *RebuildReport {
	for e, n := range r.events {
		e.Touchpoints = n
		r.Events = append(r.Events, e)
	}
	slices.SortFunc(r.Events, func(a, b EventChange) int {
		return cmp.Or(cmp.Compare(b.Touchpoints, a.Touchpoints), cmp.Compare(a.Event, b.Event), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To),
			cmp.Compare(a.Rule, b.Rule))
	})
	return r
}
