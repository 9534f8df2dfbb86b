package journey

import "time"

// Options are the rules of one site. Durations are in milliseconds.
type Options struct {
	// A session ends where the next interactive touch is more than this away.
	SessionGap int64
	// A journey ends where the next touch is more than this away.
	JourneyTimeout int64
	// A session is split before a touch later than its start by more than this; 0 is no limit.
	SessionMaxLength int64
	// A session is split before a touch that names another campaign than the session's last.
	SplitOnCampaign bool
	// A session is split at this zone's midnight; nil is never.
	Midnight *time.Location
	// A purchase closes the journey; the next touch begins the next cycle.
	CloseOnPurchase bool
	// A purchase by somebody who has purchased before is taken as loyalty.
	RepeatIsLoyalty bool
	// The date of the stage rules in Unix microseconds: no row is older than they are.
	RulesDate uint64
	// Touches are folded once a touch was received this much after they occurred; 0 is never.
	FreezeAfter int64
	// How many touches and edges of a customer are worth folding.
	FreezeFrom int
}

// MaxTouches bounds the arrays of a journey: the first half and the last half of it are kept.
const MaxTouches = 1000
