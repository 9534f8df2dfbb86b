package enrich

import "strings"

// tagged gives the channel that campaign tags name. The order of the rules is that of Google Analytics 4.
func tagged(c Campaign) string {
	medium, source := strings.ToLower(c.Medium), strings.ToLower(c.Source)
	kind := wordSource(source)
	if (kind == noSource || kind == search) && shoppingCampaign(c.Name) {
		kind = shopping
	}
	if source == "direct" && (medium == "" || medium == "(none)" || medium == "(not set)") {
		return Direct
	}
	if paidMedium(medium) {
		return paidBy(kind, medium)
	}
	if channel, ok := mediums[medium]; ok {
		return channel
	}
	switch {
	case kind == adSystem:
		return PaidSearch
	case kind != noSource && kind != passage:
		return kind.organic()
	case medium == "organic":
		return OrganicSearch
	case medium == "referral", medium == "app", medium == "link":
		return Referral
	case strings.Contains(medium, "video"):
		return Video
	case strings.HasSuffix(medium, "push"), strings.Contains(medium, "mobile"), strings.Contains(medium, "notification"):
		return Push
	}
	return Unassigned
}

// paidMedium is GA4's pattern ^(.*cp.*|ppc|retargeting|paid.*)$.
func paidMedium(medium string) bool {
	return strings.Contains(medium, "cp") || medium == "ppc" || medium == "retargeting" || strings.HasPrefix(medium, "paid")
}

func paidBy(kind source, medium string) string {
	switch kind {
	case shopping:
		return PaidShopping
	case search, adSystem:
		return PaidSearch
	case social:
		return PaidSocial
	case video:
		return PaidVideo
	}
	// The source is not known; the medium may still say where the advertisement stood.
	switch {
	case strings.Contains(medium, "social"):
		return PaidSocial
	case strings.Contains(medium, "search"):
		return PaidSearch
	case strings.Contains(medium, "video"):
		return PaidVideo
	case strings.Contains(medium, "shopping"):
		return PaidShopping
	case medium == "cpm":
		return Display
	}
	return PaidOther
}

// mediums are those that name a channel whatever the source is.
var mediums = map[string]string{
	"display": Display, "banner": Display, "expandable": Display, "interstitial": Display,
	"social": OrganicSocial, "social-network": OrganicSocial, "social-media": OrganicSocial, "sm": OrganicSocial,
	"social network": OrganicSocial, "social media": OrganicSocial, "social_network": OrganicSocial, "social_media": OrganicSocial,
	"organic_social": OrganicSocial, "organic-social": OrganicSocial,
	"email": Email, "e-mail": Email, "e_mail": Email, "e mail": Email, "newsletter": Email, "mail": Email,
	"affiliate": Affiliates, "affiliates": Affiliates, "audio": Audio, "podcast": Audio,
	"sms": SMS, "text": SMS, "push": Push,
}

// shoppingCampaign is GA4's pattern ^(.*(([^a-df-z]|^)shop|shopping).*)$: "spring-shop", not "workshop".
func shoppingCampaign(name string) bool {
	name = strings.ToLower(name)
	if strings.Contains(name, "shopping") {
		return true
	}
	for from := 0; ; {
		i := strings.Index(name[from:], "shop")
		if i < 0 {
			return false
		}
		at := from + i
		if at == 0 || name[at-1] == 'e' || name[at-1] < 'a' || name[at-1] > 'z' {
			return true
		}
		from = at + 1
	}
}
