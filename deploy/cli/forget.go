package cli

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/forget"
	"github.com/throughline/throughline/deploy/terminal"
	"github.com/throughline/throughline/deploy/topics"
	"github.com/throughline/throughline/processor"
	schema "github.com/throughline/throughline/schemas/clickhouse"
)

func newForget() *cobra.Command {
	var p forget.Person
	var dryRun, yes bool
	var patience time.Duration
	c := &cobra.Command{
		Use:   "forget (--user ID | --anonymous ID)",
		Short: "Erase a person, and keep the person erased",
		Long: `Erases everything that was received of a person up to now. Without --yes it only says what would go.

A user goes with the anonymous ids that the user was seen on. An anonymous id that others were seen on as well keeps their part: their
journeys stay as they are. What could be anybody's on such an id goes, too, and nobody inherits it. --anonymous erases what was
sent under the id alone; users who were seen on it keep what they sent with their user id, and it loses the anonymous id.

The processors must run: each drops the person from its state, hides the rows and remembers, by a salted hash, that records
from before are refused when Kafka is replayed or a spool is drained late. Then the rows are deleted from ClickHouse, which is
asked until nothing is left. This needs the right to ALTER the tables, as 'throughline migrate' does. The table erasures keeps when it
was asked and done, and what went, without the id. What is received later counts as of somebody new.

It may be interrupted and run again; while a rebuild is not finished it is refused. Kafka keeps the person's bytes until its retention is
over, which is said at the end; backups of ClickHouse keep them, too: run it again after restoring one from before. The events that name
the person's id only in properties of other people stay.`,
		Example: "  throughline forget --site shop --user ada              what would go\n  throughline forget --site shop --user ada --yes\n  throughline forget --site shop --anonymous visitor-17 --yes",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := p.Check(); err != nil {
				return usageError(fmt.Errorf("%w: --user or --anonymous", err))
			}
			if dryRun && yes {
				return usageError(errors.New("give --dry-run or --yes, not both"))
			}
			if patience <= 0 {
				return usageError(errors.New("--wait must be more than 0"))
			}
			return runForget(c, p, yes, patience)
		},
	}
	f := c.Flags()
	f.StringVar(&p.Site, "site", "main", "the site")
	f.StringVar(&p.User, "user", "", "the user id")
	f.StringVar(&p.Anonymous, "anonymous", "", "the anonymous id")
	f.BoolVar(&dryRun, "dry-run", false, "say what would go and change nothing; so it is without --yes")
	f.BoolVar(&yes, "yes", false, "do it")
	f.DurationVar(&patience, "wait", 10*time.Minute, "how long to wait for the processors each time")
	return c
}

func runForget(c *cobra.Command, p forget.Person, yes bool, patience time.Duration) error {
	var ch ClickHouse
	var group processor.Config
	if err := read(&ch, &group); err != nil {
		return err
	}
	at, err := ch.open()
	if err != nil {
		return err
	}
	conn, err := openQueries(at)
	if err != nil {
		return err
	}
	defer conn.Close()
	kafka, err := topicsConfig()
	if err != nil {
		return err
	}
	database, err := databaseOf(at.DSN)
	if err != nil {
		return err
	}
	out := c.OutOrStdout()
	cfg := forget.Config{
		ClickHouse: conn, Form: schema.Form{Database: database, Cluster: ch.Cluster}, Kafka: kafka, Group: group.Group, Patience: patience,
		Told: func(line string) { fmt.Fprintln(out, terminal.Clean(line)) },
	}
	if !yes {
		plan, counts, err := forget.Look(c.Context(), cfg, p, time.Now())
		if err != nil {
			return err
		}
		forget.PrintPlan(out, plan, counts)
		return nil
	}
	request, deleted, err := forget.Do(c.Context(), cfg, p, time.Now())
	if err != nil {
		return kafkaTrouble(err)
	}
	forget.PrintDone(out, request, deleted)
	return sayRetention(c, kafka, out)
}

// sayRetention says what Kafka still has, and until when.
func sayRetention(c *cobra.Command, kafka topics.Config, out io.Writer) error {
	kept, err := topics.Retention(c.Context(), kafka)
	if err != nil {
		return fmt.Errorf("the person is erased; until when Kafka keeps the bytes is not known: %w", kafkaTrouble(err))
	}
	forget.PrintRetention(out, kept, time.Now())
	return nil
}
