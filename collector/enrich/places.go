package enrich

// brands are first labels of registrable domains that stand under many top-level domains.
var brands = map[string]source{
	"google": search, "yahoo": search, "yandex": search, "bing": search, "baidu": search, "ecosia": search, "qwant": search,
	"startpage": search, "duckduckgo": search, "seznam": search, "naver": search, "sogou": search,
	"facebook": social, "instagram": social, "linkedin": social, "pinterest": social, "reddit": social, "tiktok": social,
	"youtube": video, "vimeo": video, "dailymotion": video, "twitch": video,
	"amazon": shopping, "ebay": shopping, "etsy": shopping, "walmart": shopping, "idealo": shopping, "aliexpress": shopping,
	"mercadolibre": shopping, "zalando": shopping, "rakuten": shopping, "allegro": shopping, "shopzilla": shopping,
}

// hosts are domains and single hosts; a longer one goes before a shorter one that contains it.
var hosts = gather(map[source][]string{
	search: {
		"search.brave.com", "ask.com", "aol.com", "search.aol.com", "kagi.com", "mojeek.com", "swisscows.com", "so.com",
		"daum.net", "metager.org", "petalsearch.com", "coccoc.com", "dogpile.com", "webcrawler.com", "lycos.com", "info.com",
		"syndicatedsearch.goog", "search.t-online.de", "suche.web.de", "rambler.ru", "nigma.ru", "onet.pl", "presearch.com",
		"com.google.android.googlequicksearchbox",
	},
	social: {
		"fb.com", "fb.me", "messenger.com", "m.me", "ig.me", "threads.net", "threads.com", "twitter.com", "x.com", "t.co", "lnkd.in",
		"pin.it", "redd.it", "snapchat.com", "bsky.app", "mastodon.social", "whatsapp.com", "wa.me", "telegram.org",
		"t.me", "discord.com", "discord.gg", "quora.com", "tumblr.com", "vk.com", "vk.ru", "ok.ru", "weibo.com", "weixin.qq.com",
		"xing.com", "nextdoor.com", "slack.com", "line.me", "medium.com", "meetup.com", "glassdoor.com", "goodreads.com",
		"news.ycombinator.com", "stackoverflow.com", "stackexchange.com", "linktr.ee", "flipboard.com", "getpocket.com",
		"com.facebook.katana", "com.linkedin.android", "com.reddit.frontpage", "com.pinterest", "org.telegram.messenger",
		"com.slack", "com.twitter.android", "com.instagram.android",
	},
	video: {
		"youtu.be", "youtube-nocookie.com", "netflix.com", "hulu.com", "disneyplus.com", "iqiyi.com", "youku.com", "bilibili.com",
		"rumble.com", "wistia.com", "ted.com", "primevideo.com", "com.google.android.youtube",
	},
	shopping: {
		"shop.app", "shopping.google.com", "shopping.yahoo.com", "alibaba.com", "taobao.com", "tmall.com", "jd.com", "wish.com",
		"temu.com", "shein.com", "pricerunner.com", "kelkoo.com", "geizhals.de", "geizhals.at", "billiger.de", "ceneo.pl",
		"heureka.cz", "bol.com", "otto.de", "flipkart.com", "shopee.com", "lazada.com", "skroutz.gr", "pricegrabber.com",
		"target.com", "bestbuy.com", "shopify.com", "overstock.com", "igshopping",
	},
	assistant: {
		"chatgpt.com", "chat.openai.com", "openai.com", "perplexity.ai", "claude.ai", "anthropic.com", "gemini.google.com",
		"bard.google.com", "notebooklm.google.com", "copilot.microsoft.com", "copilot.com", "edgeservices.bing.com",
		"deepseek.com", "grok.com", "x.ai", "meta.ai", "mistral.ai", "poe.com", "you.com", "phind.com", "character.ai", "pi.ai",
		"kimi.com", "doubao.com", "qwen.ai", "komo.ai", "andisearch.com", "duck.ai", "lumo.proton.me",
	},
	mail: {
		"mail.google.com", "mail.yahoo.com", "outlook.live.com", "outlook.office.com", "outlook.office365.com", "mail.aol.com",
		"mail.proton.me", "mail.zoho.com", "webmail.gmx.net", "navigator.gmx.net", "navigator.web.de", "mail.yandex.ru",
		"mail.yandex.com", "e.mail.ru", "icloud.com", "fastmail.com", "app.hey.com", "mail.qq.com", "mail.163.com", "mail.naver.com",
		"com.google.android.gm", "com.microsoft.office.outlook", "com.yahoo.mobile.client.android.mail",
	},
	partner: {
		"awin1.com", "shareasale.com", "anrdoezrs.net", "dpbolvw.net", "jdoqocy.com", "kqzyfj.com", "tkqlhce.com",
		"click.linksynergy.com", "linksynergy.com", "pxf.io", "sjv.io", "prf.hn", "tradedoubler.com", "zanox.com", "webgains.com",
		"skimresources.com", "viglink.com", "redirect.viglink.com", "honey.com", "joinhoney.com", "clickbank.net",
	},
	advert: {
		"doubleclick.net", "googlesyndication.com", "googleadservices.com", "adnxs.com", "criteo.com", "taboola.com",
		"outbrain.com", "amazon-adsystem.com", "teads.tv", "adsrvr.org",
	},
	other: {
		"docs.google.com", "drive.google.com", "sites.google.com", "calendar.google.com", "meet.google.com", "groups.google.com",
		"classroom.google.com", "developers.google.com", "cloud.google.com", "support.google.com", "blog.google",
		"finance.yahoo.com", "aws.amazon.com", "business.facebook.com", "developers.facebook.com",
	},
	passage: {
		"accounts.google.com", "pay.google.com", "appleid.apple.com", "idmsa.apple.com", "login.microsoftonline.com", "login.live.com",
		"login.yahoo.com", "auth0.com", "okta.com", "onelogin.com", "paypal.com", "checkout.stripe.com", "hooks.stripe.com",
		"pay.stripe.com", "checkout.shopify.com", "pay.shopify.com", "klarna.com", "adyen.com", "mollie.com", "sofort.com",
		"checkout.com", "secure.worldpay.com", "3dsecure.io", "payments.amazon.com", "apay-us.amazon.com", "afterpay.com", "affirm.com",
	},
})

// words are further values of utm_source, in lower case.
var words = gather(map[source][]string{
	search: {"ddg", "brave", "ask", "aol", "kagi", "google.com", "www.google.com", "googlesearch", "google-organic"},
	social: {
		"fb", "ig", "li", "meta", "twitter", "x", "t.co", "snapchat", "snap", "threads", "bluesky", "bsky", "mastodon", "whatsapp",
		"telegram", "messenger", "discord", "slack", "quora", "tumblr", "vk", "weibo", "wechat", "line", "xing", "nextdoor",
		"social", "hackernews", "hacker news", "facebook_ads", "facebook-ads", "facebookads", "fb_ads", "fbads", "tiktok_ads",
		"linkedin_ads", "linkedinads", "meta_ads", "instagram_ads", "facebook / instagram", "an", "msg",
	},
	video:     {"yt", "youtube_ads", "netflix", "hulu", "disneyplus"},
	shopping:  {"shopify", "alibaba", "google_shopping", "google-shopping", "google shopping", "googleshopping", "shopping", "igshopping"},
	assistant: {"chatgpt", "openai", "perplexity", "claude", "gemini", "copilot", "deepseek", "grok", "mistral"},
	mail: {
		"email", "e-mail", "e_mail", "e mail", "newsletter", "mail", "gmail", "mailchimp", "klaviyo", "hubspot_email", "hs_email", "sendgrid",
		"mailjet", "brevo", "sendinblue", "braze_email", "customer.io", "substack",
	},
	texting:  {"sms", "text", "twilio"},
	pushing:  {"firebase", "push", "onesignal", "web-push", "webpush"},
	partner:  {"affiliate", "affiliates", "awin", "cj", "impact", "rakutenmarketing", "shareasale", "tradedoubler", "partnerize", "admitad"},
	advert:   {"dv360", "dbm", "criteo", "taboola", "outbrain", "adroll", "gdn", "display"},
	adSystem: {"adwords", "googleads", "google_ads", "google-ads", "google ads", "bingads", "bing_ads", "bing-ads", "microsoft_ads", "apple_search_ads"},
})

func gather(lists map[source][]string) map[string]source {
	m := make(map[string]source)
	for kind, names := range lists {
		for _, name := range names {
			m[name] = kind
		}
	}
	return m
}
