package processor

import (
	"context"

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
	return err
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
