package journey

import "github.com/throughline/throughline/schemas/stages"

// visit is the stage visit that a journey is in.
type visit struct {
	stage             stages.Stage
	since             int64
	seq               uint32
	channel, campaign string
}

// transitions gives a row for each stage visit of each journey.
func (b *Builder) transitions(rows *Rows) {
	at := &b.visit
	for i := range b.touches {
		t := &b.touches[i]
		j := &rows.Journeys[b.journeyOf[i]]
		if i == 0 && (b.resumed == nil || b.journeyOf[0] > 0) || i > 0 && b.journeyOf[i] != b.journeyOf[i-1] {
			*at = visit{}
		}
		at.channel, at.campaign = coalesce(t.Channel, at.channel), coalesce(t.Campaign, at.campaign)
		if to := b.stage[i]; to != stages.None && to != at.stage {
			rows.Transitions = append(rows.Transitions, b.transition(j, at, t, to))
			at.stage, at.since = to, t.OccurredAt
		}
	}
}

func (b *Builder) transition(j *Journey, at *visit, t *Touch, to stages.Stage) Transition {
	at.seq++
	dwell := int64(0)
	if at.stage != stages.None {
		dwell = t.OccurredAt - at.since
	}
	return Transition{
		Key: b.key(tagTransition, t), JourneyID: j.ID, Seq: at.seq,
		From: at.stage, To: to, At: t.OccurredAt, Dwell: dwell, Kind: step(at.stage, to),
		Channel: at.channel, Campaign: at.campaign, Device: j.Device, Country: j.Country, Cycle: j.Cycle,
	}
}

func step(from, to stages.Stage) Step {
	switch {
	case to < from:
		return Back
	case to == from+1:
		return Forward
	}
	return Skip
}
