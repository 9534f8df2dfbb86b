// Package links takes touchpoints and tells of each whether the pair of ids that it carries has to be sent to the owner of the
// anonymous id. It remembers a bounded number of pairs; what it forgets is sent once more, which changes nothing.
package links

import (
	"fmt"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/zeebo/xxh3"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// key is a hash of site, anonymous id, user id and window.
type key = xxh3.Uint128

// Claim is a link on its way: what Sent is told once it is durable.
type Claim struct {
	key key
	at  int64
}

// Cache holds, for each pair of ids and window, the earliest time that was sent. It is safe for concurrent use.
type Cache struct {
	mu   sync.Mutex
	sent *lru.LRU[key, int64]
}

// New makes a cache of so many pairs and windows, some 120 bytes each.
func New(size int) (*Cache, error) {
	sent, err := lru.NewLRU[key, int64](size, nil)
	if err != nil {
		return nil, fmt.Errorf("links: %w", err)
	}
	return &Cache{sent: sent}, nil
}

// Needed tells whether the touchpoint's pair has to be sent: always for a touchpoint that says who somebody is, else when no
// earlier one of the pair and the window is known to be sent. A touchpoint without both ids has none. pending are
// the claims of the same request.
func (c *Cache) Needed(t *touchpoint.Touchpoint, pending []Claim) (Claim, bool) {
	if t.UserId == "" || t.AnonymousId == "" {
		return Claim{}, false
	}
	if touchpoint.ExactLink(t.Type) {
		return Claim{}, true
	}
	claim := Claim{key: keyOf(t), at: t.OccurredAt}
	for i := range pending {
		if pending[i].key == claim.key && pending[i].at <= claim.at {
			return claim, false
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	sent, known := c.sent.Get(claim.key)
	return claim, !known || claim.at < sent
}

// Sent remembers claims that are durable. To call it earlier would lose links: when sending fails, the client's next
// attempt must find nothing.
func (c *Cache) Sent(claims []Claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, claim := range claims {
		if claim.key == (key{}) {
			continue // of an exact link
		}
		if sent, known := c.sent.Peek(claim.key); !known || claim.at < sent {
			c.sent.Add(claim.key, claim.at)
		}
	}
}

// keyOf hashes with a zero byte between the parts; no id holds one.
func keyOf(t *touchpoint.Touchpoint) key {
	var buf [512]byte
	b := append(buf[:0], t.Site...)
	b = append(append(b, 0), t.AnonymousId...)
	b = append(append(b, 0), t.UserId...)
	window := uint64(touchpoint.Window(t.OccurredAt))
	b = append(b, 0, byte(window>>56), byte(window>>48), byte(window>>40), byte(window>>32),
		byte(window>>24), byte(window>>16), byte(window>>8), byte(window))
	return xxh3.Hash128(b)
}
