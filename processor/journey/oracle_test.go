package journey

import (
	"slices"
	"time"

	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// The oracle states the rules of the design one by one, each as a search over the whole history, and shares nothing
// with Build but the names of ids.

type oracle struct {
	o       Options
	c       touchpoint.Customer
	touches []Touch
	version uint64
}

// newOracle takes touches as they arrived: unordered and with duplicates.
func newOracle(o Options, c touchpoint.Customer, arrived []Touch) *oracle {
	or := &oracle{o: o, c: c, version: o.RulesDate}
	for _, t := range arrived {
		kept := true
		for _, u := range arrived {
			if u.MessageID == t.MessageID && precedes(&u, &t) < 0 {
				kept = false
			}
		}
		seen := slices.ContainsFunc(or.touches, func(u Touch) bool { return u.MessageID == t.MessageID })
		if kept && !seen {
			or.touches = append(or.touches, t)
		}
	}
	for i := range or.touches { // insertion sort by the stated order
		for k := i; k > 0 && or.before(or.touches[k], or.touches[k-1]); k-- {
			or.touches[k], or.touches[k-1] = or.touches[k-1], or.touches[k]
		}
	}
	for _, t := range or.touches {
		or.version = max(or.version, uint64(t.ReceivedAt))
	}
	return or
}

func (or *oracle) before(a, b Touch) bool {
	if a.OccurredAt != b.OccurredAt {
		return a.OccurredAt < b.OccurredAt
	}
	if a.Stage != b.Stage {
		return a.Stage < b.Stage
	}
	return a.MessageID.Text() < b.MessageID.Text()
}

func (or *oracle) id(tag byte, t Touch) ID {
	var n namer
	n.reset(or.c)
	return n.id(tag, &t)
}

// stageOf: a purchase with an earlier purchase is loyalty.
func (or *oracle) stageOf(i int) stages.Stage {
	s := or.touches[i].Stage
	if s == stages.Purchase && or.o.RepeatIsLoyalty && or.purchasesBefore(i) > 0 {
		return stages.Loyalty
	}
	return s
}

func (or *oracle) purchasesBefore(i int) (n int) {
	for k := range i {
		if or.touches[k].Stage == stages.Purchase {
			n++
		}
	}
	return n
}

// startsJourney: the first touch, one past the timeout, one after a closing purchase.
func (or *oracle) startsJourney(i int) bool {
	if i == 0 || or.touches[i].OccurredAt-or.touches[i-1].OccurredAt > or.o.JourneyTimeout {
		return true
	}
	return or.o.CloseOnPurchase && or.stageOf(i-1) == stages.Purchase
}

// runs cuts indices where starts says so.
func runs(of []int, starts func(k int) bool) (out [][]int) {
	for k, i := range of {
		if k == 0 || starts(k) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], i)
	}
	return out
}

func (or *oracle) build() (rows Rows) {
	rows.version = or.version
	all := make([]int, len(or.touches))
	var interactive []int
	for i := range or.touches {
		all[i] = i
		if !or.touches[i].Passive {
			interactive = append(interactive, i)
		}
	}
	journeys := runs(all, or.startsJourney)
	sessions := or.sessionRuns(interactive)
	for n, run := range journeys {
		j := or.journey(uint32(n+1), run)
		for _, s := range sessions {
			if slices.Contains(run, s[0]) {
				j.Sessions++
			}
		}
		rows.Journeys = append(rows.Journeys, j)
		rows.Transitions = append(rows.Transitions, or.transitionsOf(j, run)...)
	}
	for n, run := range sessions {
		s := or.session(sessions, n)
		for k, members := range journeys {
			if slices.Contains(members, run[0]) {
				s.JourneyID = rows.Journeys[k].ID
			}
		}
		rows.Sessions = append(rows.Sessions, s)
	}
	return rows
}

// sessionRuns cuts one interactive touch at a time, always looking back to the start of the run it would join.
func (or *oracle) sessionRuns(interactive []int) (out [][]int) {
	for k, i := range interactive {
		if k == 0 || or.splitsRun(out[len(out)-1], i) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], i)
	}
	return out
}

func (or *oracle) splitsRun(run []int, i int) bool {
	t, last, first := or.touches[i], or.touches[run[len(run)-1]], or.touches[run[0]]
	campaign := ""
	for _, k := range run {
		if c := or.touches[k].Campaign; c != "" {
			campaign = c
		}
	}
	if t.OccurredAt-last.OccurredAt > or.o.SessionGap {
		return true
	}
	if or.o.SplitOnCampaign && t.Campaign != "" && t.Campaign != campaign {
		return true
	}
	if or.o.SessionMaxLength > 0 && t.OccurredAt-first.OccurredAt > or.o.SessionMaxLength {
		return true
	}
	if zone := or.o.Midnight; zone != nil {
		const day = "2006-01-02"
		return time.UnixMilli(t.OccurredAt).In(zone).Format(day) != time.UnixMilli(last.OccurredAt).In(zone).Format(day)
	}
	return false
}

// membersOf: the session's interactive touches and each passive one whose last session started is this one and reaches it.
func (or *oracle) membersOf(sessions [][]int, n int) (members []int) {
	for i, t := range or.touches {
		if !t.Passive {
			if slices.Contains(sessions[n], i) {
				members = append(members, i)
			}
			continue
		}
		last := -1
		for k, run := range sessions {
			if or.touches[run[0]].OccurredAt <= t.OccurredAt {
				last = k
			}
		}
		if last == n && t.OccurredAt-or.touches[sessions[n][len(sessions[n])-1]].OccurredAt <= or.o.SessionGap {
			members = append(members, i)
		}
	}
	return members
}

func (or *oracle) session(sessions [][]int, n int) Session {
	run := sessions[n]
	first := or.touches[run[0]]
	members := or.membersOf(sessions, n)
	s := Session{
		Key: Key{Customer: or.c, ID: or.id(tagSession, first), Version: or.version}, StartedAt: first.OccurredAt,
		EndedAt: or.touches[run[len(run)-1]].OccurredAt, Touchpoints: uint32(len(members)), Interactions: uint32(len(run)),
		EntryChannel:  or.first(members, func(t Touch) string { return t.Channel }),
		EntryCampaign: or.first(members, func(t Touch) string { return t.Campaign }),
		Device:        or.first(members, func(t Touch) string { return t.Device }),
		Country:       or.first(members, func(t Touch) string { return t.Country }),
	}
	for _, i := range members {
		s.CoveredUntil = max(s.CoveredUntil, or.touches[i].OccurredAt)
		if s.EntryStage == 0 {
			s.EntryStage = or.stageOf(i)
		}
		s.FurthestStage = max(s.FurthestStage, or.stageOf(i))
		if or.touches[i].Stage == stages.Purchase {
			s.Purchases++
			s.Revenue += or.touches[i].Revenue
		}
	}
	return s
}

func (or *oracle) first(members []int, of func(Touch) string) string {
	for _, i := range members {
		if v := of(or.touches[i]); v != "" {
			return v
		}
	}
	return ""
}

func (or *oracle) journey(cycle uint32, run []int) Journey {
	first, last := or.touches[run[0]], or.touches[run[len(run)-1]]
	back := slices.Clone(run)
	slices.Reverse(back)
	channel := func(t Touch) string { return t.Channel }
	campaign := func(t Touch) string { return t.Campaign }
	j := Journey{
		Key: Key{Customer: or.c, ID: or.id(tagJourney, first), Version: or.version}, Cycle: cycle,
		StartedAt: first.OccurredAt, EndedAt: last.OccurredAt, TimeoutAt: last.OccurredAt + or.o.JourneyTimeout,
		Touchpoints: uint32(len(run)), Depth: or.depth(run),
		FirstChannel: or.first(run, channel), LastChannel: or.first(back, channel),
		LastNonDirectChannel: or.first(back, func(t Touch) string {
			if t.Channel == "direct" {
				return ""
			}
			return t.Channel
		}),
		FirstCampaign: or.first(run, campaign), LastCampaign: or.first(back, campaign),
		Device:  or.first(run, func(t Touch) string { return t.Device }),
		Country: or.first(run, func(t Touch) string { return t.Country }),
		Won:     or.o.CloseOnPurchase && or.stageOf(run[len(run)-1]) == stages.Purchase,
	}
	for n, i := range run {
		or.countInto(&j, i)
		if n < MaxTouches/2 || n >= len(run)-MaxTouches/2 {
			t := or.touches[i]
			j.TouchAt = append(j.TouchAt, t.OccurredAt)
			j.TouchStage = append(j.TouchStage, uint8(or.stageOf(i)))
			j.TouchChannel = append(j.TouchChannel, t.Channel)
			j.TouchCampaign = append(j.TouchCampaign, t.Campaign)
		}
	}
	return j
}

func (or *oracle) countInto(j *Journey, i int) {
	t, stage := or.touches[i], or.stageOf(i)
	if !t.Passive {
		j.Interactions++
	}
	if t.Stage == stages.Purchase {
		j.Purchases++
		j.Revenue += t.Revenue
	}
	if stage == stages.None {
		return
	}
	if j.EntryStage == stages.None {
		j.EntryStage = stage
	}
	j.CurrentStage = stage
	j.FurthestStage = max(j.FurthestStage, stage)
	if j.StageAt[stage] == 0 {
		j.StageAt[stage] = t.OccurredAt
	}
}

// depth: the largest k such that touches in stages 1 … k follow one another, found stage by stage.
func (or *oracle) depth(run []int) uint8 {
	from := 0
	for k := stages.Awareness; k <= stages.Last; k++ {
		found := -1
		for n := from; n < len(run) && found < 0; n++ {
			if or.stageOf(run[n]) == k {
				found = n
			}
		}
		if found < 0 {
			return uint8(k) - 1
		}
		from = found + 1
	}
	return uint8(stages.Last)
}

func (or *oracle) transitionsOf(j Journey, run []int) (out []Transition) {
	var bearing []int
	for _, i := range run {
		if or.stageOf(i) != stages.None {
			bearing = append(bearing, i)
		}
	}
	visits := runs(bearing, func(k int) bool { return or.stageOf(bearing[k]) != or.stageOf(bearing[k-1]) })
	for n, v := range visits {
		t := or.touches[v[0]]
		upTo := slices.Clone(run[:slices.Index(run, v[0])+1])
		slices.Reverse(upTo)
		tr := Transition{
			Key: Key{Customer: or.c, ID: or.id(tagTransition, t), Version: or.version}, JourneyID: j.ID, Seq: uint32(n + 1),
			To: or.stageOf(v[0]), At: t.OccurredAt, Kind: Skip, Device: j.Device, Country: j.Country, Cycle: j.Cycle,
			Channel:  or.first(upTo, func(t Touch) string { return t.Channel }),
			Campaign: or.first(upTo, func(t Touch) string { return t.Campaign }),
		}
		if n > 0 {
			before := visits[n-1][0]
			tr.From, tr.Dwell = or.stageOf(before), t.OccurredAt-or.touches[before].OccurredAt
		}
		if tr.To < tr.From {
			tr.Kind = Back
		} else if tr.To-tr.From == 1 {
			tr.Kind = Forward
		}
		out = append(out, tr)
	}
	return out
}
