package demo

import (
	"cmp"
	"math/rand/v2"
	"testing"

	"github.com/throughline/throughline/schemas/stages"
)

// orderedDepth is how far each customer went through the stages in order.
func orderedDepth(t *testing.T, events []event) map[string]int {
	t.Helper()
	rules, depth := stages.Builtin(), map[string]int{}
	for _, e := range events {
		customer, path := cmp.Or(e.UserID, e.AnonymousID), ""
		if e.Context != nil && e.Context.Page != nil {
			path = e.Context.Page.Path
		}
		stage, _ := rules.Match(stages.Input{Event: e.Event, Type: cmp.Or(e.Type, "track"), Channel: e.Channel, Path: path})
		if stage == stages.Purchase && depth[customer] >= int(stages.Purchase) {
			stage = stages.Loyalty
		}
		if int(stage) == depth[customer]+1 {
			depth[customer]++
		}
	}
	return depth
}

// Customers go from the first stage to the last in order, as they are seen by the pipeline, which joins no ids.
func TestHistoryIsAnOrderedFunnel(t *testing.T) {
	reached := make([]int, stages.Last+1)
	for _, depth := range orderedDepth(t, shop(t, Options{}).past(noon)) {
		for k := range depth + 1 {
			reached[k]++
		}
	}
	t.Logf("customers by ordered depth: %v", reached)
	for k := 2; k < len(reached); k++ {
		if share := float64(reached[k]) / float64(reached[k-1]); share < 0.25 || share > 0.85 {
			t.Errorf("%d customers reach stage %d of %d before: %v", reached[k], k, reached[k-1], reached)
		}
	}
}

// The browser keeps a login, so that few visitors change from one customer into another on their way.
func TestFewLogInHalfway(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	d := shop(t, Options{})
	visits, halfway, known := 0, 0, 0
	for range 5000 {
		g := d.enter(random, noon)
		d.crowd.know(g.visitor)
		first, last := g.touches[0].event.UserID, g.touches[len(g.touches)-1].event.UserID
		if visits++; first != last {
			halfway++
		} else if first != "" {
			known++
		}
	}
	if halfway == 0 || halfway > visits*3/100 || known < visits/10 {
		t.Errorf("of %d visitors %d log in half-way, %d are known from the beginning", visits, halfway, known)
	}
}
