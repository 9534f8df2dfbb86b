package journey

import (
	"math"
	"slices"

	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Builder builds the rows of one customer after another and keeps its scratch between them.
// It is not safe for concurrent use.
type Builder struct {
	options *Options
	name    namer

	customer touchpoint.Customer
	version  uint64
	touches  []Touch
	// For each touch: its stage once repeats are loyalty, the journey it is in, the session it is in or -1.
	stage     []stages.Stage
	journeyOf []int32
	sessionOf []int32

	// Where the build stands: purchases and journeys so far, the open session, the stage visit of the last journey.
	purchases, cycles uint32
	open              cut
	visit             visit
	// The journey that was begun by folded touches, as they left it; nil when there is none.
	resumed *Journey
	// Memory for folding.
	folded Rows
}

// NewBuilder makes a builder for a site's options, which must not change while it is used.
func NewBuilder(o *Options) *Builder { return &Builder{options: o} }

// Build puts the rows of a customer, from a set that is sorted, in place of what rows held, whose memory it takes over.
// The rows hold no reference to the set but the strings of its touches. Rows that lie wholly behind the line up to which the
// set is folded are not given. O(n) in time and space.
func (b *Builder) Build(c touchpoint.Customer, set *Set, rows *Rows) {
	rows.Reset()
	b.start(c, set)
	rows.version = b.version
	b.resume(set.Frozen, rows)
	b.journeys(rows)
	b.sessions(rows)
	b.transitions(rows)
}

func (b *Builder) start(c touchpoint.Customer, set *Set) {
	touches := set.Touches
	b.customer, b.touches = c, touches
	b.name.reset(c)
	b.version = max(b.options.RulesDate, set.Floor)
	for i := range touches {
		b.version = max(b.version, uint64(max(touches[i].ReceivedAt, 0)))
	}
	n := len(touches)
	if cap(b.stage) < n {
		b.stage = make([]stages.Stage, n*2)
		b.journeyOf = make([]int32, n*2)
		b.sessionOf = make([]int32, n*2)
	}
	b.stage, b.journeyOf, b.sessionOf = b.stage[:n], b.journeyOf[:n], b.sessionOf[:n]
}

func (b *Builder) key(tag byte, t *Touch) Key {
	return Key{Customer: b.customer, ID: b.name.id(tag, t), Version: b.version}
}

// effective is the touch's stage once a repeated purchase is taken as loyalty.
func (b *Builder) effective(t *Touch) stages.Stage {
	if t.Stage == stages.Purchase && b.purchases > 0 && b.options.RepeatIsLoyalty {
		return stages.Loyalty
	}
	return t.Stage
}

// journeys cuts the touches into journeys and fills them.
func (b *Builder) journeys(rows *Rows) {
	var j *Journey
	if b.resumed != nil {
		j = &rows.Journeys[0]
	}
	for i := range b.touches {
		t := &b.touches[i]
		b.stage[i] = b.effective(t)
		if t.Stage == stages.Purchase {
			b.purchases++
		}
		if j == nil || j.Won || t.OccurredAt-j.EndedAt > b.options.JourneyTimeout {
			b.cycles++
			rows.Journeys = append(rows.Journeys, Journey{Key: b.key(tagJourney, t), StartedAt: t.OccurredAt, Cycle: b.cycles})
			j = &rows.Journeys[len(rows.Journeys)-1]
		}
		b.journeyOf[i] = int32(len(rows.Journeys) - 1)
		j.take(t, b.stage[i])
		j.TimeoutAt = j.EndedAt + b.options.JourneyTimeout
		j.Won = b.options.CloseOnPurchase && b.stage[i] == stages.Purchase
	}
	b.fillTouches(rows)
}

// take counts one touch, later than all before, into the journey.
func (j *Journey) take(t *Touch, stage stages.Stage) {
	j.EndedAt = t.OccurredAt
	j.Touchpoints++
	if !t.Passive {
		j.Interactions++
	}
	if stage != stages.None {
		j.enter(t, stage)
	}
	if t.Stage == stages.Purchase {
		j.Purchases++
		j.Revenue += t.Revenue
	}
	j.LastChannel = coalesce(t.Channel, j.LastChannel)
	if t.Channel != ChannelDirect {
		j.LastNonDirectChannel = coalesce(t.Channel, j.LastNonDirectChannel)
	}
	j.LastCampaign = coalesce(t.Campaign, j.LastCampaign)
	j.FirstChannel = coalesce(j.FirstChannel, t.Channel)
	j.FirstCampaign = coalesce(j.FirstCampaign, t.Campaign)
	j.Device = coalesce(j.Device, t.Device)
	j.Country = coalesce(j.Country, t.Country)
}

func (j *Journey) enter(t *Touch, stage stages.Stage) {
	if j.EntryStage == stages.None {
		j.EntryStage = stage
	}
	j.CurrentStage = stage
	j.FurthestStage = max(j.FurthestStage, stage)
	if uint8(stage) == j.Depth+1 {
		j.Depth++
	}
	if j.StageAt[stage] == 0 {
		j.StageAt[stage] = t.OccurredAt
	}
}

// ChannelDirect is the channel of a visit that names no source.
const ChannelDirect = "direct"

func coalesce(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// fillTouches gives each journey its arrays, carved from one array a column.
func (b *Builder) fillTouches(rows *Rows) {
	n := len(b.touches)
	if b.resumed != nil {
		n += len(b.resumed.TouchAt)
	}
	rows.at, rows.stages, rows.texts = slices.Grow(rows.at, n), slices.Grow(rows.stages, n), slices.Grow(rows.texts, 2*n)
	live := b.touches
	for k := range rows.Journeys {
		j, earlier := &rows.Journeys[k], &nothing
		if k == 0 && b.resumed != nil {
			earlier = b.resumed
		}
		count := int(j.Touchpoints - earlier.Touchpoints)
		fill(rows, j, earlier, live[:count], b.stage[len(b.touches)-len(live):])
		live = live[count:]
	}
}

// nothing is what a journey that no folded touch is in was before.
var nothing Journey

// fill gives a journey the arrays of its touches: those of before, as far as they were kept, and the live ones.
func fill(rows *Rows, j, earlier *Journey, live []Touch, stage []stages.Stage) {
	before := len(earlier.TouchAt)
	count := before + len(live)
	kept := min(count, MaxTouches)
	from, channels := len(rows.at), len(rows.texts)
	for k := range kept {
		i := keptIndex(k, kept, count)
		if i < before {
			rows.at, rows.stages = append(rows.at, earlier.TouchAt[i]), append(rows.stages, earlier.TouchStage[i])
			rows.texts = append(rows.texts, earlier.TouchChannel[i])
			continue
		}
		rows.at, rows.stages = append(rows.at, live[i-before].OccurredAt), append(rows.stages, uint8(stage[i-before]))
		rows.texts = append(rows.texts, live[i-before].Channel)
	}
	campaigns := len(rows.texts)
	for k := range kept {
		if i := keptIndex(k, kept, count); i < before {
			rows.texts = append(rows.texts, earlier.TouchCampaign[i])
		} else {
			rows.texts = append(rows.texts, live[i-before].Campaign)
		}
	}
	j.TouchAt, j.TouchStage = rows.at[from:len(rows.at):len(rows.at)], rows.stages[from:len(rows.stages):len(rows.stages)]
	j.TouchChannel, j.TouchCampaign = rows.texts[channels:campaigns:campaigns], rows.texts[campaigns:len(rows.texts):len(rows.texts)]
}

// keptIndex maps the k-th of the kept touches to its place among count: the first half, then the last half.
func keptIndex(k, kept, count int) int {
	if k < (kept+1)/2 {
		return k
	}
	return count - kept + k
}

const never = math.MinInt64
