package demo

import (
	"math/rand/v2"
	"strings"
	"time"
)

// crawlers name themselves, as good ones do.
var crawlers = []string{
	"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
	"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
	"Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
	"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/138.0.0.0 Safari/537.36",
}

// crawl reads page after page, quickly.
func (v *visitor) crawl() {
	v.agent = agent{device: "desktop", text: crawlers[v.random.IntN(len(crawlers))]}
	for range v.between(4, 20) {
		p := catalogue[v.random.IntN(len(catalogue))]
		v.look(p.path(), p.name, "", time.Duration(v.between(300, 2500))*time.Millisecond)
	}
}

// faults are the mistakes that integrations make; each spoils a good event so that the collector has to refuse it.
var faults = []func(raw string) string{
	func(raw string) string { return strings.Replace(raw, `"anonymous_id":`, `"anonymousId":`, 1) },
	func(raw string) string {
		return strings.Replace(raw, `"anonymous_id":"`, `"anonymous_id":"undefined","user_id":"`, 1)
	},
	func(raw string) string { return strings.Replace(raw, `"passive":false`, `"passive":"no"`, 1) },
	func(raw string) string { return strings.Replace(raw, `"passive":`, `"stage":"shopping","passive":`, 1) },
	func(raw string) string { return strings.Replace(raw, `"timestamp":"`, `"timestamp":"yesterday `, 1) },
	func(raw string) string {
		return strings.Replace(raw, `"message_id":"`, `"message_id":"`+strings.Repeat("x", 300), 1)
	},
}

// spoil gives the event with one of the mistakes. A mistake that this event has no room for leaves it as it is.
func spoil(random *rand.Rand, raw []byte) []byte {
	return []byte(faults[random.IntN(len(faults))](string(raw)))
}
