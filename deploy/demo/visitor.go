package demo

import (
	"fmt"
	"math/rand/v2"

	"github.com/google/uuid"
)

// visitor is a browser and, once known, the person before it.
type visitor struct {
	random      *rand.Rand
	anonymousID string
	// userID is what the shop calls the person after a login; loggedIn tells whether this browser has it, logsIn
	// whether the person will log in at the next occasion.
	userID           string
	loggedIn, logsIn bool
	bought           bool
	market           market
	agent            agent
	ip               string
	touches          []touch
}

type market struct {
	country, locale, currency string
	weight                    int
}

var markets = []market{
	{"DE", "de-DE", "EUR", 30}, {"US", "en-US", "USD", 22}, {"GB", "en-GB", "GBP", 14}, {"FR", "fr-FR", "EUR", 10}, {"NL", "nl-NL", "EUR", 8},
	{"AT", "de-AT", "EUR", 6}, {"CH", "de-CH", "CHF", 5}, {"ES", "es-ES", "EUR", 5},
}

type agent struct {
	device, text string
	weight       int
}

var agents = []agent{
	{"mobile", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1", 24},
	{"mobile", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36", 24},
	{"mobile", "Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", 6},
	{"mobile", "Mozilla/5.0 (Android 15; Mobile; rv:141.0) Gecko/141.0 Firefox/141.0", 2},
	{"tablet", "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1", 5},
	{"desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36", 20},
	{"desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0", 6},
	{"desktop", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", 8},
	{"desktop", "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0", 5},
}

// newVisitor is somebody new; person is the user id after a login.
func newVisitor(random *rand.Rand, person string) *visitor {
	v := &visitor{random: random, userID: person}
	v.market = markets[pick(random, len(markets), func(i int) int { return markets[i].weight })]
	v.openBrowser()
	return v
}

// Of new visitors most buy as guests. A login is kept by the browser, so those with an account are known from the first
// touch on; one who logs in half-way is two customers until the ids are joined.
const (
	knownPercent  = 15
	logsInPercent = 3
)

// introduce says whether the browser of a new visitor is logged in, or the visitor will do so.
func (v *visitor) introduce() {
	switch n := v.random.IntN(100); {
	case n < knownPercent:
		v.loggedIn = true
	case n < knownPercent+logsInPercent:
		v.logsIn = true
	}
}

// openBrowser gives the visitor another browser: a new anonymous id, not logged in.
func (v *visitor) openBrowser() {
	v.anonymousID, v.loggedIn = randomUUID(v.random), false
	v.agent = agents[pick(v.random, len(agents), func(i int) int { return agents[i].weight })]
	// Addresses that are reserved for documentation.
	v.ip = fmt.Sprintf("203.0.113.%d", 1+v.random.IntN(254))
	if v.random.IntN(4) == 0 {
		v.ip = fmt.Sprintf("2001:db8:%x:%x::%x", v.random.IntN(1<<16), v.random.IntN(1<<16), 1+v.random.IntN(1<<16))
	}
}

func (v *visitor) chance(percent int) bool { return v.random.IntN(100) < percent }

// between gives a number from low to high, both included.
func (v *visitor) between(low, high int) int { return low + v.random.IntN(high-low+1) }

// pick gives an index with a probability by weight.
func pick(random *rand.Rand, n int, weight func(int) int) int {
	sum := 0
	for i := range n {
		sum += weight(i)
	}
	at := random.IntN(sum)
	for i := range n {
		if at -= weight(i); at < 0 {
			return i
		}
	}
	return n - 1
}

// randomUUID follows from the seed, unlike uuid.New.
func randomUUID(random *rand.Rand) string {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(random.UintN(256))
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}
