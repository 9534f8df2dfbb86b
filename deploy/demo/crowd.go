package demo

import (
	"math/rand/v2"
	"sync"
)

// crowdLimit is how many customers are remembered so that they can come back.
const crowdLimit = 2000

// crowd is the customers who have an account or have bought.
type crowd struct {
	mu    sync.Mutex
	known []regular
}

// regular is what stays of a visitor.
type regular struct {
	userID, anonymousID, ip string
	loggedIn, bought        bool
	market                  market
	agent                   agent
}

// know remembers a visitor whose visit is over; a passer-by is forgotten.
func (c *crowd) know(v *visitor) {
	if !v.loggedIn && !v.bought {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	one := regular{v.userID, v.anonymousID, v.ip, v.loggedIn, v.bought, v.market, v.agent}
	if len(c.known) < crowdLimit {
		c.known = append(c.known, one)
		return
	}
	c.known[v.random.IntN(crowdLimit)] = one
}

// greet takes a customer out of the crowd, for as long as the visit lasts; nil when there is none.
func (c *crowd) greet(random *rand.Rand) *visitor {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) == 0 {
		return nil
	}
	at, last := random.IntN(len(c.known)), len(c.known)-1
	one := c.known[at]
	c.known[at] = c.known[last]
	c.known = c.known[:last]
	return &visitor{random: random, userID: one.userID, anonymousID: one.anonymousID, loggedIn: one.loggedIn, bought: one.bought,
		market: one.market, agent: one.agent, ip: one.ip}
}
