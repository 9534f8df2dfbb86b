package journey

import (
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// ID is a hash of what it names, laid out as a UUID.
type ID [16]byte

// Touch is the compact form of a touchpoint: what the rules of journeys look at and nothing else.
type Touch struct {
	MessageID MessageID
	// Unix milliseconds.
	OccurredAt int64
	// Unix microseconds.
	ReceivedAt int64
	// As sent or as the stage rules say, before a repeated purchase is taken as loyalty.
	Stage stages.Stage
	// A passive touch never opens or stretches a session.
	Passive  bool
	Channel  string
	Campaign string
	Device   string
	Country  string
	// In 1/10,000 of the site's currency unit; 0 when none or in another currency.
	Revenue int64
}

// Rows is what one customer's touchpoints amount to.
type Rows struct {
	Sessions    []Session
	Journeys    []Journey
	Transitions []Transition
	// What the journeys' arrays are carved from.
	at     []int64
	stages []uint8
	texts  []string
	// Of every row built.
	version uint64
}

// Reset empties the rows and keeps their memory.
func (r *Rows) Reset() {
	r.Sessions, r.Journeys, r.Transitions = r.Sessions[:0], r.Journeys[:0], r.Transitions[:0]
	r.at, r.stages, r.texts = r.at[:0], r.stages[:0], r.texts[:0]
	r.version = 0
}

// Key is what the three kinds of row have in common.
type Key struct {
	Customer touchpoint.Customer
	ID       ID
	// Unix microseconds; the greatest received_at of the set, or the date of the rules.
	Version uint64
	// A tombstone: the row exists no more. Only the sort key's columns need be set.
	Deleted bool
}

// Session is a maximal run of interactive touches without a gap, and the passive ones that it covers.
type Session struct {
	Key
	// The journey of its first touch.
	JourneyID ID
	// Unix milliseconds of the first and last interactive touch. StartedAt is fixed by the ID.
	StartedAt, EndedAt int64
	// Unix milliseconds of its last touch, the passive ones that it covers included; never before EndedAt.
	CoveredUntil int64
	// All touches, and the interactive ones among them.
	Touchpoints, Interactions uint32
	// Of the first interactive touch; channel and campaign are the first that are not empty.
	EntryChannel, EntryCampaign, Device, Country string
	EntryStage, FurthestStage                    stages.Stage
	Purchases                                    uint32
	Revenue                                      int64
}

// Journey is a maximal run of touches without the journey timeout between them.
type Journey struct {
	Key
	// 1 for the customer's first journey.
	Cycle uint32
	// Unix milliseconds of the first and last touch. StartedAt is fixed by the ID.
	StartedAt, EndedAt int64
	// Unix milliseconds from which it can no longer go on: EndedAt plus the site's journey timeout.
	TimeoutAt int64
	// Unix milliseconds of the first touch in each stage, indexed by stage, 0 when never.
	StageAt [stages.Last + 1]int64
	// Ordered depth: the largest k such that touches in stage 1, 2 … k follow one another.
	Depth uint8
	// Stages of the first and the last stage-bearing touch, and the greatest.
	EntryStage, FurthestStage, CurrentStage stages.Stage
	// True when a purchase closed it (cycle: purchase).
	Won                                 bool
	Touchpoints, Interactions, Sessions uint32
	Purchases                           uint32
	Revenue                             int64
	// The first and last channel that is not empty; the last that is neither empty nor direct.
	FirstChannel, LastChannel, LastNonDirectChannel string
	FirstCampaign, LastCampaign                     string
	Device, Country                                 string
	// One entry a touch in order; past MaxTouches the middle is left out.
	TouchAt       []int64
	TouchStage    []uint8
	TouchChannel  []string
	TouchCampaign []string
}

// Transition is the step from one stage visit to the next; the first comes from stages.None, the start.
type Transition struct {
	Key
	JourneyID ID
	// 1 for the journey's first.
	Seq      uint32
	From, To stages.Stage
	// Unix milliseconds of the touch that made it, fixed by the ID.
	At int64
	// Milliseconds spent in From; 0 for the first.
	Dwell int64
	// forward, skip or back.
	Kind Step
	// Of the touch, or of the last touch before it in the journey that had one.
	Channel, Campaign string
	Device, Country   string
	Cycle             uint32
}

// Step is the kind of a transition.
type Step uint8

// A step to the next stage, past one or more stages, or to an earlier stage.
const (
	Forward Step = iota + 1
	Skip
	Back
)
