package processor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/throughline/throughline/processor/store"
)

// ErrRebuilding says that the tables are half of one set of stage rules and half of another: nothing may be added to them.
var ErrRebuilding = errors.New("a rebuild of the tables is not finished")

// rebuilt is what was last done of the tables as a whole.
type rebuilt struct {
	// Number of the last rebuild of any site, 0 where there was none.
	last int64
	// The last step of each site's last rebuild.
	sites map[string]store.RebuildStep
}

// rebuiltOf reads steps that are ordered by site and time. It is ErrRebuilding where one was not finished.
func rebuiltOf(steps []store.RebuildStep) (r rebuilt, err error) {
	r.sites = map[string]store.RebuildStep{}
	finished := map[string]bool{}
	for _, s := range steps {
		r.last = max(r.last, s.Rebuild)
		r.sites[s.Site] = s
		finished[s.Site] = finished[s.Site] || s.Step == store.RebuildFinished
	}
	for site, s := range r.sites {
		if !finished[site] {
			return r, fmt.Errorf("%w: of site %s to the stage rules %s, begun at %s. Stop the processors (throughline up --without-processor) and run: throughline rebuild --site %s",
				ErrRebuilding, site, s.RulesVersion, time.UnixMicro(s.Rebuild).UTC().Format(time.RFC3339), site)
		}
	}
	return r, nil
}

// differ warns of sites that run under other stage rules than those of their last rebuild.
func (r rebuilt) differ(rules *rulebook, log *slog.Logger) {
	for site, s := range r.sites {
		if now := rules.of(site).rules; now.Digest() != s.RulesDigest {
			log.Warn("the stage rules are not those of the last rebuild: what comes now gets other stages than what is stored; "+
				"set 'rules' of the site back, or run: throughline rebuild", "site", site, "rules", now.Version(), "rebuilt_to", s.RulesVersion)
		}
	}
}

// learnRebuilt finds out what the tables are of.
func (o *owner) learnRebuilt(ctx context.Context) (err error) {
	var steps []store.RebuildStep
	err = o.retry(ctx, "rebuilds", func() (err error) {
		steps, err = o.store.Rebuilds(ctx)
		return err
	})
	if err != nil {
		return err
	}
	o.rebuilt, err = rebuiltOf(steps)
	o.rebuilt.differ(o.rules, o.deps.Logger)
	return err
}
