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
}

// NewBuilder makes a builder for a site's options, which must not change while it is used.
func NewBuilder(o *Options) *Builder { return &Builder{options: o} }

// Build puts the rows of a customer, from a set that is sorted, in place of what rows held, whose memory it takes over.
// The rows hold no reference to the set but the strings of its touches. O(n) in time and space.
func (b *Builder) Build(c touchpoint.Customer, set *Set, rows *Rows) {
	rows.Reset()
	if len(set.Touches) == 0 {
		return
	}
	b.start(c, set)
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
func (b *Builder) effective(t *Touch, purchases uint32) stages.Stage {
	if t.Stage == stages.Purchase && purchases > 0 && b.options.RepeatIsLoyalty {
		return stages.Loyalty
	}
	return t.Stage
}

// journeys cuts the touches into journeys and fills them.
func (b *Builder) journeys(rows *Rows) {
	var j *Journey
	var purchases uint32
	for i := range b.touches {
		t := &b.touches[i]
		b.stage[i] = b.effective(t, purchases)
		if t.Stage == stages.Purchase {
			purchases++
		}
		if j == nil || j.Won || t.OccurredAt-j.EndedAt > b.options.JourneyTimeout {
			rows.Journeys = append(rows.Journeys, Journey{
				Key: b.key(tagJourney, t), StartedAt: t.OccurredAt, Cycle: uint32(len(rows.Journeys) + 1),
			})
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
	at, stage := slices.Grow(rows.at, n), slices.Grow(rows.stages, n)
	texts := slices.Grow(rows.texts, 2*n)
	for first := 0; first < n; {
		j := &rows.Journeys[b.journeyOf[first]]
		count := int(j.Touchpoints)
		kept := min(count, MaxTouches)
		from, channels := len(at), len(texts)
		for k := range kept {
			i := first + keptIndex(k, kept, count)
			at = append(at, b.touches[i].OccurredAt)
			stage = append(stage, uint8(b.stage[i]))
			texts = append(texts, b.touches[i].Channel)
		}
		campaigns := len(texts)
		for k := range kept {
			texts = append(texts, b.touches[first+keptIndex(k, kept, count)].Campaign)
		}
		j.TouchAt, j.TouchStage = at[from:len(at):len(at)], stage[from:len(at):len(at)]
		j.TouchChannel, j.TouchCampaign = texts[channels:campaigns:campaigns], texts[campaigns:len(texts):len(texts)]
		first += count
	}
	rows.at, rows.stages, rows.texts = at, stage, texts
}

// keptIndex maps the k-th of the kept touches to its place among count: the first half, then the last half.
func keptIndex(k, kept, count int) int {
	if k < (kept+1)/2 {
		return k
	}
	return count - kept + k
}

const never = math.MinInt64
