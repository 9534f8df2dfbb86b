package enrich

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// The channels, after the default channel groups of Google Analytics 4.
const (
	PaidSearch    = "paid search"
	PaidSocial    = "paid social"
	PaidVideo     = "paid video"
	PaidShopping  = "paid shopping"
	PaidOther     = "paid other"
	Display       = "display"
	OrganicSearch = "organic search"
	OrganicSocial = "organic social"
	Video         = "video"
	Shopping      = "shopping"
	AIAssistant   = "ai assistant"
	Email         = "email"
	Affiliates    = "affiliates"
	Audio         = "audio"
	SMS           = "sms"
	Push          = "push"
	Referral      = "referral"
	Direct        = "direct"
	// Unassigned: there are campaign tags, and no rule knows them.
	Unassigned = "unassigned"
)

// Visit is what the channel is told from.
type Visit struct {
	// Host of the page, and of the referrer; empty when not given.
	Host, Referrer string
	Campaign       Campaign
	// ClickKind is the name of the click id parameter.
	ClickKind string
	// Web tells that the touchpoint has a page at all: without one, no tags and no referrer it has no channel.
	Web bool
}

// Channel gives the channel that brought the visitor, empty for steps within the site and where nothing is known.
// Tags go before click ids, click ids before the referrer; but a paid click id overrules tags that do not say "paid".
func Channel(v Visit) string {
	byClick := clickChannel(v.ClickKind)
	if v.Campaign.Tagged() {
		byTags := tagged(v.Campaign)
		if byClick != "" && (byTags == Unassigned || (paid(byClick) && free(byTags))) {
			return byClick
		}
		return byTags
	}
	if byClick != "" {
		return byClick
	}
	if v.Referrer == "" {
		if v.Web {
			return Direct
		}
		return ""
	}
	return referred(v)
}

func paid(channel string) bool {
	return channel == Display || strings.HasPrefix(channel, "paid ")
}

func free(channel string) bool {
	switch channel {
	case OrganicSearch, OrganicSocial, Video, Shopping, AIAssistant, Referral, Direct:
		return true
	}
	return false
}

func referred(v Visit) string {
	if SameSite(v.Host, v.Referrer) {
		return ""
	}
	switch kind := hostSource(v.Referrer); kind {
	case noSource:
		return Referral
	case passage:
		return ""
	default:
		return kind.organic()
	}
}

// SameSite tells whether two hosts belong to one registrable domain (shop.example.co.uk and example.co.uk).
func SameSite(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	if a == b {
		return true
	}
	if lastLabels(a) != lastLabels(b) {
		return false // cheap, and true of nearly every foreign referrer
	}
	if last := a[len(a)-1]; last <= '9' {
		return false // addresses have no domain
	}
	siteA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	siteB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && siteA == siteB
}

// lastLabels gives the last two labels of a host.
func lastLabels(host string) string {
	last := strings.LastIndexByte(host, '.')
	if last <= 0 {
		return host
	}
	return host[strings.LastIndexByte(host[:last], '.')+1:]
}
