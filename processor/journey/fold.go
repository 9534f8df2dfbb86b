package journey

import (
	"slices"
	"sort"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// foldFrom is how many touches are worth folding: a summary takes the room of about as many.
const foldFrom = 32

// Line gives the time before which no touch of the customer is expected any more, by the newest receipt in the set, in
// Unix milliseconds, and whether folding up to there is worth it. The set must be sorted.
func Line(o *Options, set *Set) (line int64, worth bool) {
	if o.FreezeAfter <= 0 || len(set.Touches) < foldFrom {
		return 0, false
	}
	newest := set.Touches[0].ReceivedAt
	for i := range set.Touches {
		newest = max(newest, set.Touches[i].ReceivedAt)
	}
	line = newest/1000 - o.FreezeAfter
	return line, set.Touches[foldFrom-1].OccurredAt < line
}

// Dormant tells whether the customer has been idle so long, as of now (Unix milliseconds), that the next touch will
// begin a new journey, and from when on it would. Folding up to there leaves the facts that this journey needs: purchases,
// cycle and message ids. The set must be sorted. It is false for a customer of whom nothing else is left.
func Dormant(o *Options, set *Set, now int64) (until int64, ok bool) {
	var last int64
	switch n := len(set.Touches); {
	case n > 0:
		last = set.Touches[n-1].OccurredAt
	case set.Frozen == nil || set.Frozen.Idle():
		return 0, false
	case set.Frozen.Journey != nil:
		last = set.Frozen.Journey.EndedAt
	default:
		last = set.Frozen.Session.EndedAt
	}
	until = last + max(o.JourneyTimeout, o.SessionGap) + 1
	return until, now >= until+grace
}

// grace is how much later than others a touch may come, for the way through a spool and for collectors' clocks, without
// costing a look into the past. In milliseconds.
const grace = 24 * 3600_000

// Fold folds the touches of the set that occurred before the line (Unix milliseconds) into its summary. Build gives then
// the same rows as before but those that lie wholly behind the line; touches that are not Behind can be added. The
// set must be sorted. A line that is not after the one of before changes nothing.
func (b *Builder) Fold(c touchpoint.Customer, set *Set, line int64) {
	if set.Frozen != nil && line <= set.Frozen.Until {
		return
	}
	n := sort.Search(len(set.Touches), func(i int) bool { return set.Touches[i].OccurredAt >= line })
	if n == 0 && set.Frozen == nil {
		return
	}
	folded := Set{Touches: set.Touches[:n], Floor: set.Floor, Frozen: set.Frozen}
	b.Build(c, &folded, &b.folded)
	frozen := b.freeze(line)
	if set.Frozen != nil {
		frozen.IDs = set.Frozen.IDs
	}
	if n > 0 {
		frozen.IDs = frozen.IDs.with(folded.Touches)
	}
	for i := range folded.Touches {
		set.Floor = max(set.Floor, uint64(max(folded.Touches[i].ReceivedAt, 0)))
	}
	set.Frozen, set.index = frozen, nil
	set.Touches = slices.Delete(set.Touches, 0, n)
}

// freeze is where the last Build stands, as of a line behind all of its touches.
func (b *Builder) freeze(line int64) *Frozen {
	f := &Frozen{Until: line, Purchases: b.purchases, Cycles: b.cycles}
	if n := len(b.folded.Journeys); n > 0 {
		j := b.folded.Journeys[n-1]
		if !j.Won && line-j.EndedAt <= b.options.JourneyTimeout {
			j.Key = Key{ID: j.ID}
			j.TouchAt, j.TouchStage = slices.Clone(j.TouchAt), slices.Clone(j.TouchStage)
			j.TouchChannel, j.TouchCampaign = slices.Clone(j.TouchChannel), slices.Clone(j.TouchCampaign)
			f.Journey, f.Visits, f.VisitSince = &j, b.visit.seq, b.visit.since
		}
	}
	if n := len(b.folded.Sessions); n > 0 && line-b.open.endedAt <= b.options.SessionGap {
		s := b.folded.Sessions[n-1]
		s.Key = Key{ID: s.ID}
		f.Session, f.SessionCampaign = &s, b.open.campaign
	}
	return f
}

// resume puts the rows that the summary leaves open into rows and goes on from there.
func (b *Builder) resume(f *Frozen, rows *Rows) {
	b.purchases, b.cycles, b.resumed = 0, 0, nil
	b.open, b.visit = cut{startedAt: never, endedAt: never}, visit{}
	if f == nil {
		return
	}
	b.purchases, b.cycles = f.Purchases, f.Cycles
	if j := f.Journey; j != nil {
		rows.Journeys = append(rows.Journeys, *j)
		rows.Journeys[0].Customer, rows.Journeys[0].Version = b.customer, b.version
		b.resumed = j
		b.visit = visit{
			stage: j.CurrentStage, since: f.VisitSince, seq: f.Visits, channel: j.LastChannel, campaign: j.LastCampaign,
		}
	}
	if s := f.Session; s != nil {
		rows.Sessions = append(rows.Sessions, *s)
		rows.Sessions[0].Customer, rows.Sessions[0].Version = b.customer, b.version
		b.open = cut{startedAt: s.StartedAt, endedAt: s.EndedAt, campaign: f.SessionCampaign, day: b.day(s.EndedAt)}
	}
}
