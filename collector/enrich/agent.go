package enrich

import (
	"fmt"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/mileusna/useragent"
)

// Values of Agent.Device.
const (
	Desktop = "desktop"
	Mobile  = "mobile"
	Tablet  = "tablet"
	TV      = "tv"
	Bot     = "bot"
)

// longestAgent is how much of a user agent is looked at: real ones are shorter.
const longestAgent = 1024

// longestBrowser bounds browser names, which an unknown user agent makes up.
const longestBrowser = 40

// Agent is what a user agent says.
type Agent struct {
	// Browser and OS are names without versions, empty when not known.
	Browser, OS string
	// Device is one of the constants, empty when not known.
	Device string
	// BotReason is one of the constants of reasons for bots; empty when it looks like a person.
	BotReason string
}

// Agents reads user agents and remembers the latest. It is safe for concurrent use.
type Agents struct {
	cache *lru.Cache[string, Agent]
}

// NewAgents gives Agents that remember so many user agents, at most about 1 KB each. The size must be positive.
func NewAgents(size int) (*Agents, error) {
	cache, err := lru.New[string, Agent](size)
	if err != nil {
		return nil, fmt.Errorf("user agent cache of size %d: %w", size, err)
	}
	return &Agents{cache: cache}, nil
}

// Read reads a User-Agent; the result does not alias it.
func (a *Agents) Read(userAgent string) Agent {
	if userAgent == "" {
		return Agent{}
	}
	if len(userAgent) > longestAgent {
		userAgent = userAgent[:longestAgent]
	}
	if agent, ok := a.cache.Get(userAgent); ok {
		return agent
	}
	own := strings.Clone(userAgent) // the caller's string may alias a buffer that is used again
	agent := read(own)
	a.cache.Add(own, agent)
	return agent
}

// renamed gives names that differ from those of the parser.
var renamed = map[string]string{
	"Trident": "Internet Explorer", "Facebook App": "Facebook", "Instagram App": "Instagram", "Tiktok App": "TikTok",
	"Mobile Safari": "Safari", "Android browser": "Android Browser",
}

func read(userAgent string) Agent {
	lower := strings.ToLower(userAgent)
	parsed := useragent.Parse(userAgent)
	agent := Agent{Browser: strings.Clone(parsed.Name), OS: strings.Clone(parsed.OS), BotReason: botReason(lower)}
	if agent.BotReason == "" && parsed.Bot {
		agent.BotReason = BotCrawler
	}
	if name, ok := renamed[agent.Browser]; ok {
		agent.Browser = name
	}
	agent.Device = device(lower, &parsed)
	if agent.BotReason != "" {
		agent.Device = Bot
	}
	if agent.Device == TV && strings.Contains(lower, "tizen") {
		agent.OS = "Tizen"
	}
	if agent.OS == "" && strings.Contains(lower, "cfnetwork/") {
		agent.OS = "iOS"
	}
	if len(agent.Browser) > longestBrowser || (agent.OS == "" && agent.BotReason == "") {
		agent.Browser = "" // the parser takes any first word for a name
	}
	return agent
}

// screens are words that only televisions, and boxes beside them, use.
var screens = []string{
	"smart-tv", "smarttv", "smart tv", "googletv", "google tv", "android tv", "appletv", "apple tv", "hbbtv", "web0s", "webos.tv", "netcast", "bravia",
	"roku", "crkey", "aftb", "afts", "aftm", "aftt", " tv safari", "viera", "playstation", "xbox", "nintendo",
}

func device(lower string, parsed *useragent.UserAgent) string {
	for _, word := range screens {
		if strings.Contains(lower, word) {
			return TV
		}
	}
	switch {
	case parsed.Tablet, strings.Contains(lower, "ipad"), strings.Contains(lower, "kindle"), strings.Contains(lower, "silk/") && !strings.Contains(lower, "mobile"):
		return Tablet
	case strings.Contains(lower, "android") && !strings.Contains(lower, "mobile") && strings.HasPrefix(lower, "mozilla/"):
		return Tablet // phones say "Mobile"
	case parsed.Mobile, strings.Contains(lower, "iphone"):
		return Mobile
	case parsed.Desktop:
		return Desktop
	}
	return ""
}

// Personal tells whether a request's User-Agent header is a browser's or an app's, and so says something about the
// customer. A server that posts touchpoints of its customers sends the name of its HTTP library.
func Personal(userAgent string) bool {
	for _, prefix := range []string{"Mozilla/", "Opera/", "Dalvik/"} {
		if strings.HasPrefix(userAgent, prefix) {
			return true
		}
	}
	return strings.Contains(userAgent, "CFNetwork/")
}

// DeviceWord gives the device a client names itself as one of the constants, "" when it is none.
func DeviceWord(word string) string {
	for _, known := range [...]struct{ word, device string }{
		{"desktop", Desktop}, {"mobile", Mobile}, {"tablet", Tablet}, {"tv", TV}, {"phone", Mobile}, {"smartphone", Mobile},
		{"ios", Mobile}, {"android", Mobile}, {"smarttv", TV}, {"smart tv", TV}, {"web", ""}, {"bot", Bot},
	} {
		if strings.EqualFold(known.word, word) {
			return known.device
		}
	}
	return ""
}
