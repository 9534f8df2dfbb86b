package journey

import (
	"time"

	"github.com/throughline/throughline/schemas/stages"
)

// sessions cuts the interactive touches into sessions, puts each passive touch into the one that covers it, and
// fills them.
func (b *Builder) sessions(rows *Rows) {
	b.assignSessions(rows)
	for i := range b.touches {
		if at := b.sessionOf[i]; at >= 0 {
			rows.Sessions[at].take(&b.touches[i], b.stage[i])
		}
	}
}

// cut is where sessionization stands: the open session and what decides whether the next touch splits it.
type cut struct {
	startedAt, endedAt int64
	campaign           string
	day                int64
}

// assignSessions decides the session of each touch. Touches of one millisecond are taken together, the interactive ones
// first: a passive touch belongs to the last session that started at or before it, if that session's end plus the gap
// reaches it.
func (b *Builder) assignSessions(rows *Rows) {
	open := &b.open
	for from := 0; from < len(b.touches); {
		to := from + 1
		for to < len(b.touches) && b.touches[to].OccurredAt == b.touches[from].OccurredAt {
			to++
		}
		for i := from; i < to; i++ {
			if !b.touches[i].Passive {
				b.interactive(rows, open, i)
			}
		}
		covered := open.endedAt != never && b.touches[from].OccurredAt-open.endedAt <= b.options.SessionGap
		for i := from; i < to; i++ {
			if !b.touches[i].Passive {
				continue
			}
			b.sessionOf[i] = -1
			if covered {
				b.sessionOf[i] = int32(len(rows.Sessions) - 1)
			}
		}
		from = to
	}
}

func (b *Builder) interactive(rows *Rows, open *cut, i int) {
	t := &b.touches[i]
	day := b.day(t.OccurredAt)
	if b.splits(open, t, day) {
		rows.Sessions = append(rows.Sessions, Session{
			Key: b.key(tagSession, t), JourneyID: rows.Journeys[b.journeyOf[i]].ID, StartedAt: t.OccurredAt,
		})
		rows.Journeys[b.journeyOf[i]].Sessions++
		*open = cut{startedAt: t.OccurredAt}
	}
	open.endedAt, open.day = t.OccurredAt, day
	open.campaign = coalesce(t.Campaign, open.campaign)
	s := &rows.Sessions[len(rows.Sessions)-1]
	s.EndedAt = t.OccurredAt
	b.sessionOf[i] = int32(len(rows.Sessions) - 1)
}

func (b *Builder) splits(open *cut, t *Touch, day int64) bool {
	o := b.options
	switch {
	case open.endedAt == never, t.OccurredAt-open.endedAt > o.SessionGap:
		return true
	case o.SplitOnCampaign && t.Campaign != "" && t.Campaign != open.campaign:
		return true
	case o.SessionMaxLength > 0 && t.OccurredAt-open.startedAt > o.SessionMaxLength:
		return true
	}
	return o.Midnight != nil && day != open.day
}

// day numbers the local calendar day of a time in the site's zone.
func (b *Builder) day(ms int64) int64 {
	if b.options.Midnight == nil {
		return 0
	}
	y, m, d := time.UnixMilli(ms).In(b.options.Midnight).Date()
	return int64(y)*10_000 + int64(m)*100 + int64(d)
}

// take counts one touch, in order, into the session.
func (s *Session) take(t *Touch, stage stages.Stage) {
	s.CoveredUntil = t.OccurredAt
	s.Touchpoints++
	if !t.Passive {
		s.Interactions++
	}
	s.EntryChannel = coalesce(s.EntryChannel, t.Channel)
	s.EntryCampaign = coalesce(s.EntryCampaign, t.Campaign)
	s.Device = coalesce(s.Device, t.Device)
	s.Country = coalesce(s.Country, t.Country)
	if s.EntryStage == stages.None {
		s.EntryStage = stage
	}
	s.FurthestStage = max(s.FurthestStage, stage)
	if t.Stage == stages.Purchase {
		s.Purchases++
		s.Revenue += t.Revenue
	}
}
