package journey

import (
	"slices"
	"sort"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// Day is the length of a UTC day in milliseconds. Lines lie between days.
const Day = 24 * 3600_000

// Line gives the time before which nothing is expected any more when something was received at newest. Unix milliseconds.
func (o *Options) Line(newest int64) int64 { return (newest - o.FreezeAfter) / Day * Day }

// Dormant tells whether a customer whose last touch occurred at last has been idle so long, as of now, that the next touch will
// begin a new journey and session, and from when on it would. Unix milliseconds.
func (o *Options) Dormant(last, now int64) (until int64, ok bool) {
	until = last + max(o.JourneyTimeout, o.SessionGap) + 1
	until += Day - 1
	until -= until % Day
	return until, now >= until+grace
}

// grace is how much later than others a touch may come, for the way through a spool and for collectors' clocks, without
// costing a look into the past. In milliseconds.
const grace = Day

// Fold folds the touches of the set that occurred before the line (Unix milliseconds) into its summary. Build gives then
// the same rows as before but those that lie wholly behind the line; touches that are not Behind can be added. The
// set must be sorted. A line that is not after the one of before changes nothing.
func (b *Builder) Fold(c touchpoint.Customer, set *Set, line int64) {
	if set.Frozen != nil && line <= set.Frozen.Until {
		return
	}
	n := sort.Search(len(set.Touches), func(i int) bool { return set.Touches[i].OccurredAt >= line })
	folded := Set{Touches: set.Touches[:n], Floor: set.Floor, Frozen: set.Frozen}
	b.Build(c, &folded, &b.folded)
	frozen := b.freeze(line)
	if set.Frozen != nil {
		frozen.Last, frozen.IDs = set.Frozen.Last, set.Frozen.IDs
	}
	frozen.Note(folded.Touches)
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
