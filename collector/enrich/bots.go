package enrich

import "strings"

// The reasons for which a user agent is judged to be a bot. The set is closed.
const (
	BotSearch     = "search crawler"
	BotAI         = "ai crawler"
	BotSEO        = "seo crawler"
	BotPreview    = "link preview"
	BotMonitor    = "monitor"
	BotHeadless   = "headless browser"
	BotAutomation = "automation"
	BotLibrary    = "http library"
	BotCrawler    = "crawler"
)

// bots are words of user agents, in lower case, looked for in this order.
var bots = []struct {
	reason string
	words  []string
}{
	{BotAI, []string{
		"gptbot", "chatgpt-user", "oai-searchbot", "claudebot", "claude-user", "claude-searchbot", "claude-web", "anthropic-ai",
		"perplexitybot", "perplexity-user", "google-extended", "ccbot", "bytespider", "amazonbot", "applebot-extended",
		"meta-externalagent", "meta-externalfetcher", "cohere-ai", "diffbot", "youbot", "mistralai-user", "duckassistbot", "ai2bot",
		"timpibot", "omgili", "imagesiftbot",
	}},
	{BotSearch, []string{
		"googlebot", "google-inspectiontool", "storebot-google", "adsbot-google", "mediapartners-google", "apis-google",
		"googleother", "bingbot", "bingpreview", "adidxbot", "msnbot", "slurp", "duckduckbot", "baiduspider", "yandexbot", "yandeximages",
		"yandexmobilebot", "sogou web spider", "exabot", "seznambot", "applebot", "petalbot", "qwantify", "naverbot", "yeti/", "mojeekbot",
		"360spider", "coccocbot",
	}},
	{BotSEO, []string{
		"ahrefsbot", "ahrefssiteaudit", "semrushbot", "siteauditbot", "mj12bot", "dotbot", "rogerbot", "screaming frog", "blexbot", "dataforseobot",
		"serpstatbot", "barkrowler", "seokicks", "sistrix", "megaindex", "oncrawl", "deepcrawl", "sitebulb", "linkdexbot", "zoominfobot",
	}},
	{BotPreview, []string{
		"facebookexternalhit", "facebookcatalog", "twitterbot", "linkedinbot", "slackbot", "slack-imgproxy", "discordbot", "telegrambot",
		"whatsapp/", "skypeuripreview", "pinterestbot", "redditbot", "embedly", "iframely", "vkshare", "snap url preview", "google-read-aloud",
		"googleimageproxy", "ggpht.com", "yahoomailproxy", "bitlybot", "mastodon/",
	}},
	{BotMonitor, []string{
		"uptimerobot", "pingdom", "statuscake", "site24x7", "betteruptime", "better stack", "checkly", "datadogsynthetics", "newrelicpinger",
		"catchpoint", "gtmetrix", "chrome-lighthouse", "google page speed", "pagespeed", "speedcurve", "ptst/", "webpagetest", "calibre",
		"hetrixtools", "freshping", "nodeping", "montastic", "gomezagent", "googlestackdrivermonitoring", "amazon-route53",
		"elb-healthchecker", "googlehc/", "kube-probe", "prometheus/", "blackbox-exporter", "zabbix", "nagios", "check_http",
	}},
	{BotHeadless, []string{"headlesschrome", "headless", "phantomjs", "slimerjs", "splash version", "htmlunit"}},
	{BotAutomation, []string{"selenium", "webdriver", "puppeteer", "playwright", "cypress", "jmeter", "gatling", "k6/", "sqlmap", "nikto", "nuclei", "nmap", "masscan", "zgrab"}},
	{BotLibrary, []string{
		"curl/", "wget", "python-requests", "python-urllib", "python/", "aiohttp", "httpx", "go-http-client", "java/", "apache-httpclient",
		"axios/", "node-fetch", "node.js", "undici", "got (", "superagent", "ruby/", "faraday", "guzzlehttp", "php/", "libwww-perl", "lwp::",
		"postmanruntime", "insomnia/", "httpie", "restsharp", "reqwest", "hyper/", "libcurl", "winhttp", "scrapy", "colly", "mechanize",
		"http_request", "httpclient", "feedparser", "feedfetcher", "feedly",
	}},
}

// botWord is one of the words, without its first byte, and the place of its group.
type botWord struct {
	rest  string
	group int
}

// botWords holds the words by first byte, so that one pass over a user agent finds them all: looking for each by itself
// takes ten times as long, and somebody who sends a new user agent with each event would have us do it each time.
var botWords = func() (byFirst [256][]botWord) {
	for group := range bots {
		for _, word := range bots[group].words {
			byFirst[word[0]] = append(byFirst[word[0]], botWord{word[1:], group})
		}
	}
	return byFirst
}()

// botReason judges a lower-case user agent; "" when nothing speaks for a bot.
func botReason(lower string) string {
	best := len(bots)
	for i := range len(lower) {
		for _, word := range botWords[lower[i]] {
			if word.group < best && strings.HasPrefix(lower[i+1:], word.rest) {
				best = word.group
			}
		}
	}
	if best < len(bots) {
		return bots[best].reason
	}
	if crawlerWord(lower) {
		return BotCrawler
	}
	return ""
}

// crawlerWord finds what crawlers call themselves: a word that ends in "bot", crawler, spider, or "+http", the mark of the
// address where one may complain.
func crawlerWord(lower string) bool {
	for _, word := range []string{"crawler", "spider", "+http", "scraper", "archiver"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	for from := 0; ; {
		i := strings.Index(lower[from:], "bot")
		if i < 0 {
			return false
		}
		end := from + i + len("bot")
		// Cubot makes telephones.
		ends := end == len(lower) || lower[end] < 'a' || lower[end] > 'z'
		if ends && !strings.HasSuffix(lower[:end], "cubot") {
			return true
		}
		from = end
	}
}
