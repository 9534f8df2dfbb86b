package identity

import "github.com/throughline/throughline/processor/journey"

// Person is all that is kept of one customer. An anonymous visitor has links and no sources, a user sources and no links.
type Person struct {
	// The touches that came under the customer's own id.
	Own     journey.Set
	Links   Links
	Sources Sources
	// The sources were worked out from ClickHouse's touchpoints, and the rows there may be of before them.
	Unsure bool
}

// Alone tells that no other id has to do with the customer.
func (p *Person) Alone() bool { return p.Links.Empty() && len(p.Sources) == 0 && !p.Unsure }

// Reset empties everything but the memory of the own touches.
func (p *Person) Reset() {
	p.Own.Reset(p.Own.Touches[:0], 0)
	p.Links, p.Sources, p.Unsure = Links{}, nil, false
}
