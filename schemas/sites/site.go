package sites

import (
	_ "embed"
	"time"
)

// Values of Site.Cycle.
const (
	CycleContinue = "continue" // a repeat purchase stays in the journey
	CyclePurchase = "purchase" // a purchase closes the journey; the next touch begins cycle n+1
)

// Values of Site.RepeatPurchase.
const (
	RepeatLoyalty  = "loyalty"
	RepeatPurchase = "purchase"
)

// Values of Site.Bots.
const (
	BotsExclude = "exclude"
	BotsInclude = "include"
)

// AnyOrigin in Site.Origins admits every origin.
const AnyOrigin = "*"

// Schema is the JSON Schema of the sites file, for editors.
//
//go:embed sites.schema.json
var Schema []byte

// Example is the commented example file; it sets every field.
//
//go:embed example.yaml
var Example []byte

// Site is one source of touchpoints with its own customers and its own options. It is immutable after Load.
type Site struct {
	// ID names the site in every table: lower-case letters, digits, - and _, at most 63 bytes.
	ID string
	// WriteKeys are public and may only post touchpoints.
	WriteKeys []string
	// ImportKeys are secret: an import may write history of any age.
	ImportKeys []string
	// Origins are "https://host", "https://*.host" or "*"; empty admits no browser, servers (which send no origin) always may.
	Origins []string
	// Rules is the path of the stage rules file, empty for the built-in rules.
	Rules string

	// SessionGap ends a session when strictly exceeded.
	SessionGap time.Duration
	// SessionMaxLength splits longer sessions; 0 is off.
	SessionMaxLength time.Duration
	// SplitOnCampaign starts a session at a new campaign.
	SplitOnCampaign bool
	// SplitAtMidnight is the IANA time zone whose midnight splits sessions; empty is off.
	SplitAtMidnight string
	// JourneyTimeout ends a journey when strictly exceeded.
	JourneyTimeout time.Duration
	// Cycle is CycleContinue or CyclePurchase.
	Cycle string
	// RepeatPurchase is the stage of a purchase by somebody who has purchased: RepeatLoyalty or RepeatPurchase.
	RepeatPurchase string

	// Currency is the ISO 4217 code whose revenue is summed; empty sums every amount without looking.
	Currency string
	// MaxAge bounds how long before its receipt a touchpoint may have occurred.
	MaxAge time.Duration
	// Bots is BotsExclude or BotsInclude.
	Bots string
}
