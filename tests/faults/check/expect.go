package check

import (
	"context"
	"fmt"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// rowsPerWrite bounds the memory of what is expected.
const rowsPerWrite = 50_000

// oracle builds the rows of one customer after another from stored touchpoints and writes them.
type oracle struct {
	ctx      context.Context
	to       *store.Store
	sites    map[string]*rules
	customer touchpoint.Customer
	set      journey.Set
	batch    store.Batch
	rows     journey.Rows
}

// rules of one site.
type rules struct {
	builder  *journey.Builder
	bots     bool
	currency string
}

// expect fills the second database: the touchpoints that are in the first, and the rows that the rules give for them.
func (c *comparison) expect(ctx context.Context, all *sites.Sites) error {
	o := &oracle{ctx: ctx, to: c.to, sites: map[string]*rules{}}
	for s := range all.All() {
		o.sites[s.ID] = newRules(s)
	}
	if err := c.conn.Exec(ctx, fmt.Sprintf("INSERT INTO %s.touchpoints_log SELECT * FROM %s.touchpoints_log FINAL", c.database, c.source)); err != nil {
		return fmt.Errorf("copy touchpoints: %w", err)
	}
	if err := o.all(c.from); err != nil {
		return fmt.Errorf("what the tables should hold: %w", err)
	}
	return nil
}

func newRules(s *sites.Site) *rules {
	return &rules{bots: s.Bots != sites.BotsExclude, currency: s.Currency, builder: journey.NewBuilder(&journey.Options{
		SessionGap: s.SessionGap.Milliseconds(), JourneyTimeout: s.JourneyTimeout.Milliseconds(),
		SessionMaxLength: s.SessionMaxLength.Milliseconds(), SplitOnCampaign: s.SplitOnCampaign,
		CloseOnPurchase: s.Cycle == sites.CyclePurchase, RepeatIsLoyalty: s.RepeatPurchase == sites.RepeatLoyalty,
	})}
}

// all goes through every stored touchpoint: one partition of one is everything.
func (o *oracle) all(from touchSource) error {
	if err := readTouches(o.ctx, from, o.touch); err != nil {
		return err
	}
	if err := o.done(); err != nil {
		return err
	}
	return o.write()
}

// touch takes one stored touch; those of a customer come together.
func (o *oracle) touch(t *store.TouchRow) error {
	if t.Customer != o.customer {
		if err := o.done(); err != nil {
			return err
		}
		o.customer = t.Customer
		o.set.Reset(nil, 0)
	}
	site := o.sites[t.Customer.Site]
	if site == nil {
		return fmt.Errorf("touchpoint of the unknown site %q", t.Customer.Site)
	}
	if t.Bot && !site.bots {
		return nil
	}
	if site.currency != "" && t.Currency != "" && t.Currency != site.currency {
		t.Touch.Revenue = 0
	}
	o.set.Add(&t.Touch)
	return nil
}

// done builds the gathered customer.
func (o *oracle) done() error {
	if len(o.set.Touches) == 0 {
		return nil
	}
	o.set.Sort()
	o.sites[o.customer.Site].builder.Build(o.customer, &o.set, &o.rows)
	var out journey.Rows
	journey.Diff(&journey.Rows{}, &o.rows, &out)
	o.batch.Sessions = append(o.batch.Sessions, out.Sessions...)
	o.batch.Journeys = append(o.batch.Journeys, out.Journeys...)
	o.batch.Transitions = append(o.batch.Transitions, out.Transitions...)
	o.set.Reset(nil, 0)
	if len(o.batch.Sessions) < rowsPerWrite {
		return nil
	}
	return o.write()
}

func (o *oracle) write() error {
	err := o.to.Write(o.ctx, &o.batch)
	o.batch = store.Batch{}
	return err
}
