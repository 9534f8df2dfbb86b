package processor

import (
	"fmt"
	"time"
	_ "time/tzdata" // midnight of any zone on any host

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
)

// siteRules is how one site's touchpoints become journeys.
type siteRules struct {
	options     journey.Options
	rules       *stages.Rules
	currency    string
	excludeBots bool
}

// rulebook has the rules of every site. It is immutable.
type rulebook struct {
	sites map[string]*siteRules
	// For records of a site that the sites file no longer has.
	other *siteRules
}

// newRulebook takes the sites and a loader of rules files, which is asked for each site ("" is the built-in set).
func newRulebook(all *sites.Sites, load func(file string) (*stages.Rules, error)) (*rulebook, error) {
	other, err := newSiteRules(defaultSite(), load)
	if err != nil {
		return nil, err
	}
	b := &rulebook{sites: map[string]*siteRules{}, other: other}
	for s := range all.All() {
		if b.sites[s.ID], err = newSiteRules(s, load); err != nil {
			return nil, fmt.Errorf("site %s: %w", s.ID, err)
		}
	}
	return b, nil
}

func defaultSite() *sites.Site {
	for s := range sites.Default().All() {
		return s
	}
	return nil
}

func newSiteRules(s *sites.Site, load func(string) (*stages.Rules, error)) (*siteRules, error) {
	rules, err := load(s.Rules)
	if err != nil {
		return nil, fmt.Errorf("stage rules: %w", err)
	}
	var midnight *time.Location
	if s.SplitAtMidnight != "" {
		if midnight, err = time.LoadLocation(s.SplitAtMidnight); err != nil {
			return nil, fmt.Errorf("split_at_midnight: %w", err)
		}
	}
	return &siteRules{
		rules: rules, currency: s.Currency, excludeBots: s.Bots == sites.BotsExclude,
		options: journey.Options{
			SessionGap: s.SessionGap.Milliseconds(), JourneyTimeout: s.JourneyTimeout.Milliseconds(),
			SessionMaxLength: s.SessionMaxLength.Milliseconds(), SplitOnCampaign: s.SplitOnCampaign, Midnight: midnight,
			CloseOnPurchase: s.Cycle == sites.CyclePurchase, RepeatIsLoyalty: s.RepeatPurchase == sites.RepeatLoyalty,
			RulesDate: uint64(rules.Date().UnixMicro()), FreezeAfter: s.MaxAge.Milliseconds() + journey.Day, FreezeFrom: freezeFrom,
		},
	}, nil
}

// freezeFrom is how many touches are worth folding: a summary takes the room of about as many.
const freezeFrom = 32

func (b *rulebook) of(site string) *siteRules {
	if r, ok := b.sites[site]; ok {
		return r
	}
	return b.other
}
