package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/identities"
)

func newIdentity() *cobra.Command {
	c := &cobra.Command{
		Use:   "identity",
		Short: "Explain who an id is, withdraw a link",
		Long: `A touchpoint that carries an anonymous id and a user id says that they are one person. The anonymous touchpoints before
it become the user's, and those after it too while nobody else is seen on that anonymous id.`,
		Example: "  throughline identity explain visitor-17\n  throughline identity unlink --anonymous visitor-17 --user ada --reason 'shared kiosk'",
		Args:    unknownCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newIdentityExplain(), newIdentityUnlink())
	return c
}

func newIdentityExplain() *cobra.Command {
	var site string
	var asJSON bool
	var o identities.Options
	c := &cobra.Command{
		Use:   "explain ID",
		Short: "Show who was seen on an id, which touchpoint went where, and why",
		Long:  "Looks in ClickHouse (THROUGHLINE_CLICKHOUSE_DSN) for what is known of an id, as an anonymous one and as a user's.",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if o.Touchpoints < 0 {
				return usageError(errors.New("--touchpoints must be 0 or more"))
			}
			return explainIdentity(c, site, args[0], o, asJSON)
		},
	}
	c.Flags().StringVar(&site, "site", "main", "the site")
	c.Flags().IntVar(&o.Touchpoints, "touchpoints", 50, "list so many touchpoints, the latest")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	o.Sources = 100
	return c
}

func explainIdentity(c *cobra.Command, site, id string, o identities.Options, asJSON bool) error {
	var cfg ClickHouse
	if err := read(&cfg); err != nil {
		return err
	}
	at, err := cfg.open()
	if err != nil {
		return err
	}
	conn, err := openQueries(at)
	if err != nil {
		return err
	}
	defer conn.Close()
	report, err := identities.Explain(c.Context(), conn, site, id, o)
	if err != nil {
		return err
	}
	if asJSON {
		text, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			return fmt.Errorf("print the report: %w", err)
		}
		lines := strings.Split(string(text), "\n") // those of the layout: strings have theirs escaped
		for i := range lines {
			lines[i] = escapeControls(lines[i])
		}
		_, err = fmt.Fprintln(c.OutOrStdout(), strings.Join(lines, "\n"))
		return err
	}
	return report.Print(c.OutOrStdout())
}

// unlinkPatience bounds the sending of an unlink.
const unlinkPatience = 30 * time.Second

func newIdentityUnlink() *cobra.Command {
	var site, until string
	var forever bool
	var u identities.Unlink
	c := &cobra.Command{
		Use:   "unlink --anonymous ID --user ID",
		Short: "Withdraw what was said about an anonymous id and a user",
		Long: `Withdraws the links of the pair that were asserted up to now, or up to --until; with --forever also those that are
still to come. The touchpoints go to whom they then belong, and the journeys of all concerned are rebuilt. What was
sent with the user id itself stays the user's. It cannot be undone; the next login links the pair again, unless --forever is given.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			now := time.Now()
			switch at, err := time.Parse(time.RFC3339, until); {
			case u.AnonymousID == "" || u.UserID == "":
				return usageError(errors.New("name both --anonymous and --user"))
			case forever && until != "":
				return usageError(errors.New("give --until or --forever, not both"))
			case until != "" && err != nil:
				return usageError(fmt.Errorf("--until: %w", err))
			case until != "":
				u.Until = at
			case !forever:
				u.Until = now
			}
			return unlinkIdentity(c, site, u, now)
		},
	}
	f := c.Flags()
	f.StringVar(&site, "site", "main", "the site")
	f.StringVar(&u.AnonymousID, "anonymous", "", "the anonymous id")
	f.StringVar(&u.UserID, "user", "", "the user id")
	f.StringVar(&u.Reason, "reason", "", "why; it is kept")
	f.StringVar(&until, "until", "", "withdraw links asserted up to this time, such as 2026-01-31T12:00:00Z")
	f.BoolVar(&forever, "forever", false, "withdraw all links of the pair, also those to come")
	return c
}

func unlinkIdentity(c *cobra.Command, site string, u identities.Unlink, now time.Time) error {
	kafka, err := openKafka(nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context(), unlinkPatience)
	defer cancel()
	if err := identities.Send(ctx, kafka, site, u, now); err != nil {
		return kafkaTrouble(err)
	}
	_, err = fmt.Fprintln(c.OutOrStdout(), "withdrawn; the processor rebuilds the journeys within seconds. See: throughline identity explain", u.AnonymousID)
	return err
}
