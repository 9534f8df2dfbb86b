package enrich

// clicks are the click ids that are known, the most telling first: where a URL carries several, the first one counts.
var clicks = []struct {
	kind    string
	channel string
}{
	{"gclid", PaidSearch},     // Google Ads
	{"gbraid", PaidSearch},    // Google Ads, iOS app
	{"wbraid", PaidSearch},    // Google Ads, iOS web
	{"msclkid", PaidSearch},   // Microsoft Advertising
	{"yclid", PaidSearch},     // Yandex Direct
	{"dclid", Display},        // Display & Video 360
	{"ttclid", PaidSocial},    // TikTok
	{"li_fat_id", PaidSocial}, // LinkedIn
	{"twclid", PaidSocial},    // X
	{"epik", PaidSocial},      // Pinterest
	{"sccid", PaidSocial},     // Snapchat
	{"rdt_cid", PaidSocial},   // Reddit
	{"qclid", PaidSocial},     // Quora
	{"tblci", Display},        // Taboola
	{"dicbo", Display},        // Outbrain
	{"irclickid", Affiliates}, // impact.com
	{"cjevent", Affiliates},   // CJ
	{"awc", Affiliates},       // Awin
	{"ranmid", Affiliates},    // Rakuten
	{"mc_eid", Email},         // Mailchimp
	{"_hsenc", Email},         // HubSpot
	{"mkt_tok", Email},        // Marketo
	{"_kx", Email},            // Klaviyo
	{"vero_id", Email},        // Vero
	{"srsltid", Shopping},     // Google Merchant Center, free listings
	{"fbclid", OrganicSocial}, // Facebook marks every outgoing link, not only those of ads
	{"igshid", OrganicSocial}, // Instagram, shared links
	{"igsh", OrganicSocial},
}

var clickRank = func() map[string]int {
	m := make(map[string]int, len(clicks))
	for rank, click := range clicks {
		m[click.kind] = rank
	}
	return m
}()

// clickChannel gives the channel of a click id, empty for a kind that is not known.
func clickChannel(kind string) string {
	if rank, ok := clickRank[kind]; ok {
		return clicks[rank].channel
	}
	return ""
}
