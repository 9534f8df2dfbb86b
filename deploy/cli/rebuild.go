package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/rebuild"
	"github.com/throughline/throughline/deploy/topics"
	"github.com/throughline/throughline/processor"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/sites"
)

// rebuildOptions are the flags of the command.
type rebuildOptions struct {
	site, rules  string
	dryRun, json bool
	all          bool
	sample       int
}

func newRebuild() *cobra.Command {
	var o rebuildOptions
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "Apply changed stage rules to the touchpoints that are stored",
		Long: `Gives stored touchpoints the stages of other rules, and rewrites the sessions, journeys and stage transitions that change by it:
afterwards the tables are as if the rules had been these from the start. Stages that touchpoints were sent with stay.

  1. Change the rules (throughline stages check FILE), and look at what they change: throughline rebuild --dry-run
     It only reads, at any time, and prints the funnel before and after, and some of the journeys that change.
  2. Name the rules in the sites file (rules: FILE), and stop the processors: they read it when they start. Collectors go on, what is posted
     waits in Kafka. Under 'up': stop it, and start it as 'throughline up --without-processor'.
  3. throughline rebuild
     While it works, queries see some customers as before and some as after. When it is interrupted, run it again: it goes on where it was.
     Processors do not start before it is through. Running it twice changes nothing.
  4. Start the processors. They restore their state from ClickHouse, and go on with what waits.

Other options of a site (session_gap, journey_timeout, cycle, currency …) hold for what is touched after a change of them; 'throughline rebuild --all', in the
same steps, has them hold for everything.

Without --site it takes each site in turn; without --rules the rules that the sites file names.`,
		Example: "  throughline rebuild --dry-run\n  throughline rebuild --dry-run --site shop --rules shop-2.stages.yaml --sample 20\n  throughline rebuild",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.sample < 0 {
				return usageError(errors.New("--sample must be 0 or more"))
			}
			return runRebuild(c, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.site, "site", "", "the site (default: each one)")
	f.StringVar(&o.rules, "rules", "", "file of stage rules (default: what the sites file names for the site)")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would change, and write nothing")
	f.IntVar(&o.sample, "sample", 10, "list so many of the journeys that change")
	f.BoolVar(&o.all, "all", false, "write every session, journey and transition anew: after a change of session_gap, cycle or another option of the site")
	f.BoolVar(&o.json, "json", false, "print JSON, a line a site")
	return c
}

func runRebuild(c *cobra.Command, o rebuildOptions) error {
	var common Common
	var ch ClickHouse
	if err := read(&common, &ch); err != nil {
		return err
	}
	log, err := common.logger(c.ErrOrStderr())
	if err != nil {
		return err
	}
	all, err := common.sites()
	if err != nil {
		return err
	}
	chosen, err := chooseSites(all, o)
	if err != nil {
		return err
	}
	at, err := ch.open()
	if err != nil {
		return err
	}
	rows, err := store.Open(c.Context(), store.Config{DSN: at.DSN, Authorities: at.Authorities, Quorum: ch.Quorum}, log, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	quiet := func(context.Context) error { return nil }
	if !o.dryRun {
		if quiet, err = noProcessors(c); err != nil {
			return err
		}
	}
	for _, site := range chosen {
		if err := rebuildSite(c, site, o, rows, quiet, log); err != nil {
			return fmt.Errorf("site %s: %w", site.ID, err)
		}
	}
	return nil
}

// chooseSites gives the sites to rebuild; rules in a file are for one.
func chooseSites(all *sites.Sites, o rebuildOptions) (chosen []*sites.Site, err error) {
	for s := range all.All() {
		if o.site == "" || s.ID == o.site {
			chosen = append(chosen, s)
		}
	}
	switch {
	case len(chosen) == 0:
		return nil, usageError(fmt.Errorf("--site %q: there is no such site in the sites file", o.site))
	case o.rules != "" && len(chosen) > 1:
		return nil, usageError(errors.New("name the --site that the rules are for: there are several"))
	}
	return chosen, nil
}

// noProcessors gives a check that fails as long as the group has members.
func noProcessors(c *cobra.Command) (func(context.Context) error, error) {
	cfg, group, err := offsetsConfig()
	if err != nil {
		return nil, err
	}
	said := false
	return func(ctx context.Context) error {
		waiting, err := topics.Quiet(ctx, cfg, group)
		switch {
		case errors.Is(err, topics.ErrGroupActive):
			return fmt.Errorf("%w\nStop them first; under 'up' stop it and run: throughline up --without-processor. To only look: throughline rebuild --dry-run", err)
		case err != nil:
			return kafkaTrouble(fmt.Errorf("whether processors are at work: %w", err))
		}
		if waiting > 0 && !said {
			said = true
			fmt.Fprintf(c.ErrOrStderr(), "%d records wait in Kafka; processors take them with the new rules once they are started\n", waiting)
		}
		return nil
	}, nil
}

func rebuildSite(c *cobra.Command, site *sites.Site, o rebuildOptions, rows *store.Store, quiet func(context.Context) error, log *slog.Logger) error {
	configured, err := loadRules(site.Rules)
	rules := configured
	if o.rules != "" {
		rules, err = loadRules(o.rules)
	}
	if err != nil {
		return usageError(err)
	}
	progress, clear := rebuild.NewBar(c.ErrOrStderr())
	defer clear()
	r, err := processor.NewRebuild(processor.RebuildDeps{
		Logger: log, Site: site, Rules: rules, Store: rows, All: o.all, Sample: o.sample, Progress: progress, Quiet: quiet,
	})
	if err != nil {
		return err
	}
	do := r.Run
	if o.dryRun {
		do = r.Compare
	}
	report, err := do(c.Context())
	clear()
	if err != nil {
		return rebuildTrouble(err, o)
	}
	if o.json {
		return json.NewEncoder(c.OutOrStdout()).Encode(report)
	}
	if err := rebuild.Print(c.OutOrStdout(), report); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "\n%s\n", nextStep(site, o, configured != nil && configured.Digest() == rules.Digest()))
	return err
}

// nextStep says what to do after a rebuild; named tells whether the sites file names its rules.
func nextStep(site *sites.Site, o rebuildOptions, named bool) string {
	switch {
	case o.dryRun:
		return "Nothing was written. See 'throughline rebuild --help' for how to do it."
	case !named:
		return fmt.Sprintf("Done. Before you start the processors, name these rules in the sites file, for site %s: rules: %s", site.ID, o.rules)
	}
	return "Done. Start the processors: they restore their state from ClickHouse."
}

// rebuildTrouble adds what to do where something was cut off in the middle.
func rebuildTrouble(err error, o rebuildOptions) error {
	if o.dryRun || errors.Is(err, topics.ErrGroupActive) || errors.Is(err, processor.ErrDeleting) {
		return err
	}
	return fmt.Errorf("%w\nRun the same command again: it goes on where it was. Processors do not start before it is through", err)
}
