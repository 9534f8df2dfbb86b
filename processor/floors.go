package processor

import (
	"context"

	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// floors gives the greatest version of any row that ClickHouse has of each of some customers.
type floors func(customers []touchpoint.Customer) (map[touchpoint.Customer]uint64, error)

// lift reads below which version no row of the customers may be written whose records are replayed. An owner that was cut off may have
// known more of them than is known here for now, such as what an anonymous id was about to contribute: its rows, or the
// tombstones that were laid over them, would win over those that are written now and do not change any more.
func (c *cutter) lift(out *portion, firsts []*item) (err error) {
	c.lifted = nil
	if c.floors == nil {
		return nil
	}
	var customers []touchpoint.Customer
	for _, first := range firsts {
		if out.replayed(first) {
			customers = append(customers, first.row.Customer())
		}
	}
	if len(customers) > 0 {
		c.lifted, err = c.floors(customers)
	}
	for customer := range c.lifted {
		c.lifted[customer]++
	}
	return err
}

// outdo makes the version of the rows that are about to be built greater than that of the rows before, which c.before has. News
// that were received last do so by themselves. Where something else was received later, or touches go, two contents of a row
// would have one version, and of those the one wins whose INSERT happens to land last.
func (c *cutter) outdo(who *identity.Person, n *news) {
	before := c.before.Version()
	first := len(c.before.Journeys) == 0 && who.Own.Floor == 0
	who.Own.Floor = max(who.Own.Floor, n.floor)
	if !first && max(n.floor, uint64(max(n.touched, 0))) <= before {
		who.Own.Floor = max(who.Own.Floor, before+1)
	}
}

// floors reads from ClickHouse, again and again while that is away.
func (o *owner) floors(ctx context.Context) floors {
	return func(customers []touchpoint.Customer) (found map[touchpoint.Customer]uint64, err error) {
		err = o.retry(ctx, "versions", func() (err error) {
			found, err = o.store.Floors(ctx, customers)
			return err
		})
		return found, err
	}
}
