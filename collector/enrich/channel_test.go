package enrich

import "testing"

// visit is what Channel is told of a page with this URL and this referrer.
func visit(url, referrer string) Visit {
	page := Split(url)
	campaign, click := Query(page.Query)
	return Visit{Host: page.Host, Referrer: ReferrerHost(referrer), Campaign: campaign, ClickKind: click.Kind, Web: url != ""}
}

const home = "https://shop.example.com/"

// channels are visits and what brought them.
var channels = []struct{ url, referrer, want string }{
	// nothing, direct, internal
	{"", "", ""},
	{home, "", Direct},
	{home, "https://shop.example.com/cart", ""},
	{home, "https://www.example.com/blog", ""},
	{home, "http://example.com", ""},
	{"https://a.example.co.uk/", "https://b.example.co.uk/", ""},
	{"https://a.co.uk/", "https://b.co.uk/", Referral},
	{"https://one.github.io/", "https://two.github.io/", Referral},
	{"http://10.0.0.1/", "http://10.1.0.1/", Referral},
	{"http://10.0.0.1/a", "http://10.0.0.1/b", ""},
	{home, "https://accounts.google.com/o/oauth2", ""},
	{home, "https://www.paypal.com/checkoutnow", ""},
	{home, "https://checkout.stripe.com/pay", ""},
	// organic search
	{home, "https://www.google.com/", OrganicSearch},
	{home, "https://www.google.co.uk/search?q=shoes", OrganicSearch},
	{home, "https://google.com.br", OrganicSearch},
	{home, "https://WWW.GOOGLE.DE:443/", OrganicSearch},
	{home, "android-app://com.google.android.googlequicksearchbox/", OrganicSearch},
	{home, "https://www.bing.com/", OrganicSearch},
	{home, "https://duckduckgo.com/", OrganicSearch},
	{home, "https://search.yahoo.co.jp/search", OrganicSearch},
	{home, "https://yandex.ru/", OrganicSearch},
	{home, "https://search.brave.com/", OrganicSearch},
	{home, "www.ecosia.org", OrganicSearch},
	{home + "?utm_source=google&utm_medium=organic", "", OrganicSearch},
	{home + "?utm_source=bing", "", OrganicSearch},
	// what only looks like it
	{home, "https://google.evil.example/", Referral},
	{home, "https://notgoogle.com/", Referral},
	{home, "https://docs.google.com/document/d/1", Referral},
	// paid search
	{home + "?utm_source=google&utm_medium=cpc&utm_campaign=spring", "https://www.google.com/", PaidSearch},
	{home + "?UTM_SOURCE=Google&UTM_MEDIUM=CPC", "", PaidSearch},
	{home + "?utm_source=bing&utm_medium=ppc", "", PaidSearch},
	{home + "?utm_source=adwords", "", PaidSearch},
	{home + "?utm_source=unheard&utm_medium=paid-search", "", PaidSearch},
	{home + "?gclid=abc", "https://www.google.com/", PaidSearch},
	{home + "?gbraid=abc", "", PaidSearch},
	{home + "?wbraid=abc", "", PaidSearch},
	{home + "?msclkid=abc", "https://www.bing.com/", PaidSearch},
	{home + "?yclid=1", "", PaidSearch},
	{home + "?utm_source=google&gclid=abc", "", PaidSearch},
	{home + "?utm_source=google&utm_medium=organic&gclid=abc", "", PaidSearch},
	// paid social
	{home + "?utm_source=facebook&utm_medium=paid_social", "", PaidSocial},
	{home + "?utm_source=fb&utm_medium=cpc", "", PaidSocial},
	{home + "?utm_source=ig&utm_medium=paid&fbclid=x", "https://l.instagram.com/", PaidSocial},
	{home + "?utm_source=new-network&utm_medium=paidsocial", "", PaidSocial},
	{home + "?ttclid=x", "https://www.tiktok.com/", PaidSocial},
	{home + "?li_fat_id=x", "", PaidSocial},
	{home + "?twclid=x", "https://t.co/", PaidSocial},
	{home + "?epik=x", "https://www.pinterest.com/", PaidSocial},
	{home + "?ScCid=x", "", PaidSocial},
	{home + "?rdt_cid=x", "https://www.reddit.com/", PaidSocial},
	// organic social
	{home + "?fbclid=x", "https://l.facebook.com/", OrganicSocial},
	{home, "https://m.facebook.com/", OrganicSocial},
	{home, "https://t.co/abc", OrganicSocial},
	{home, "https://www.linkedin.com/feed", OrganicSocial},
	{home, "https://out.reddit.com/", OrganicSocial},
	{home, "https://www.pinterest.de/", OrganicSocial},
	{home, "https://bsky.app/profile/x", OrganicSocial},
	{home + "?utm_source=linkedin&utm_medium=social", "", OrganicSocial},
	{home + "?utm_source=instagram", "", OrganicSocial},
	{home + "?utm_source=partner&utm_medium=social-media", "", OrganicSocial},
	{home + "?utm_source=facebook&utm_medium=referral", "", OrganicSocial},
	// e-mail
	{home + "?utm_source=newsletter&utm_medium=email", "https://mail.google.com/", Email},
	{home + "?utm_medium=e-mail", "", Email},
	{home + "?utm_source=klaviyo", "", Email},
	{home + "?mc_eid=1234", "", Email},
	{home + "?utm_source=news&utm_medium=email&fbclid=x", "", Email},
	{home, "https://outlook.live.com/", Email},
	{home, "android-app://com.google.android.gm/", Email},
	{home + "?utm_source=news&utm_medium=email&utm_campaign=shop-opening", "", Email},
	// video
	{home, "https://www.youtube.com/watch", Video},
	{home, "https://youtu.be/1", Video},
	{home + "?utm_source=youtube&utm_medium=description", "", Video},
	{home + "?utm_source=youtube&utm_medium=cpc", "", PaidVideo},
	{home + "?utm_source=site&utm_medium=video-ad", "", Video},
	{home + "?utm_source=site&utm_medium=paid_video", "", PaidVideo},
	// display
	{home + "?utm_source=site&utm_medium=banner", "", Display},
	{home + "?utm_source=site&utm_medium=cpm", "", Display},
	{home + "?dclid=x", "", Display},
	{home, "https://googleads.g.doubleclick.net/", Display},
	{home + "?utm_source=taboola&utm_medium=native", "", Display},
	// shopping
	{home, "https://www.amazon.co.uk/", Shopping},
	{home, "https://www.ebay.de/", Shopping},
	{home + "?srsltid=x", "https://www.google.com/", Shopping},
	{home + "?utm_source=google&utm_medium=cpc&utm_campaign=shopping-shoes", "", PaidShopping},
	{home + "?utm_source=google&utm_medium=cpc&utm_campaign=workshop", "", PaidSearch},
	{home + "?utm_source=idealo&utm_medium=cpc", "", PaidShopping},
	// the rest
	{home, "https://chatgpt.com/", AIAssistant},
	{home + "?utm_source=chatgpt.com", "", AIAssistant},
	{home, "https://www.perplexity.ai/search", AIAssistant},
	{home, "https://gemini.google.com/app", AIAssistant},
	{home, "https://copilot.microsoft.com/", AIAssistant},
	{home, "https://claude.ai/chat", AIAssistant},
	{home + "?utm_source=partner&utm_medium=affiliate", "", Affiliates},
	{home + "?irclickid=x", "", Affiliates},
	{home, "https://www.awin1.com/cread.php", Affiliates},
	{home + "?utm_medium=sms", "", SMS},
	{home + "?utm_source=sms&utm_medium=blast", "", SMS},
	{home + "?utm_source=firebase", "", Push},
	{home + "?utm_source=app&utm_medium=web-push", "", Push},
	{home + "?utm_source=app&utm_medium=notification", "", Push},
	{home + "?utm_source=spotify&utm_medium=audio", "", Audio},
	{home + "?utm_source=show&utm_medium=podcast", "", Audio},
	{home + "?utm_source=partner&utm_medium=referral", "", Referral},
	{home, "https://blog.partner.example/post", Referral},
	{home + "?utm_source=poster&utm_medium=qr", "", Unassigned},
	{home + "?utm_source=poster&utm_medium=paid", "", PaidOther},
	{home + "?utm_source=direct&utm_medium=(none)", "", Direct},
	{home + "?utm_source=&utm_medium=", "", Direct},
	{"", "https://www.google.com/", OrganicSearch},
}

func TestChannel(t *testing.T) {
	for _, c := range channels {
		if got := Channel(visit(c.url, c.referrer)); got != c.want {
			t.Errorf("page %q, referrer %q: channel %q, want %q", c.url, c.referrer, got, c.want)
		}
	}
}

func TestClicksAreFindable(t *testing.T) {
	for _, click := range clicks {
		if len(click.kind) > longestParameter {
			t.Errorf("%s is longer than the longest parameter", click.kind)
		}
		if _, got := Query("x=1&" + click.kind + "=v%2F1"); got != (Click{Kind: click.kind, ID: "v/1"}) {
			t.Errorf("%s gives %+v", click.kind, got)
		}
	}
}

func TestPlacesAreLowerCaseAndUnambiguous(t *testing.T) {
	for name := range hosts {
		if got := hostSource("www." + name); got != hosts[name] {
			t.Errorf("www.%s is %d, %s is %d", name, got, name, hosts[name])
		}
	}
	for _, list := range []map[string]source{hosts, words, brands} {
		for name := range list {
			for _, c := range []byte(name) {
				if 'A' <= c && c <= 'Z' {
					t.Errorf("%q can never match", name)
				}
			}
		}
	}
}

func BenchmarkArrival(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if Channel(visit("https://shop.example.com/shoes?utm_source=google&utm_medium=cpc&utm_campaign=spring", "https://www.google.com/")) != PaidSearch {
			b.Fatal("wrong channel")
		}
	}
}

func BenchmarkReferral(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if Channel(visit("https://shop.example.com/shoes", "https://blog.partner.example/")) != Referral {
			b.Fatal("wrong channel")
		}
	}
}
