package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/deploy/terminal"
	"github.com/throughline/throughline/schemas/topics"
)

// tailOptions say what of the topics is shown, and how.
type tailOptions struct {
	kafka     kafkaconn.Conn
	since     time.Duration
	fromStart bool
	count     int
	json      bool
	filter    tailFilter
}

func newTail() *cobra.Command {
	var o tailOptions
	var brokers []string
	c := &cobra.Command{
		Use:   "tail",
		Short: "Watch touchpoints as they come in: verdict, stage, and the rule that set it",
		Long: `Shows what the collectors write to Kafka, accepted and rejected, as it comes in. Stage and rule are those that the
stage rules of THROUGHLINE_SITES_FILE give now. It reads beside the processors and takes nothing away from them.
Touchpoints of one customer come in order.`,
		Example: `  throughline tail
  throughline tail --rejected --since 1h
  throughline tail --customer ada --json | jq .`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if o.kafka, err = openKafka(brokers); err != nil {
				return err
			}
			return runTail(c, o)
		},
	}
	f := c.Flags()
	f.StringSliceVar(&brokers, "brokers", nil, "Kafka brokers (default THROUGHLINE_KAFKA_BROKERS or 127.0.0.1:9092)")
	f.DurationVar(&o.since, "since", 0, "begin so long ago, such as 5m")
	f.BoolVar(&o.fromStart, "from-start", false, "begin with the oldest that Kafka holds")
	f.IntVar(&o.count, "count", 0, "end after so many lines; 0 is never")
	f.BoolVar(&o.json, "json", false, "one JSON object a line")
	f.StringVar(&o.filter.site, "site", "", "only this site")
	f.StringVar(&o.filter.customer, "customer", "", "only this user id or anonymous id")
	f.StringVar(&o.filter.event, "event", "", "only events of this name, whatever the case")
	f.BoolVar(&o.filter.rejected, "rejected", false, "only rejected ones")
	c.MarkFlagsMutuallyExclusive("since", "from-start")
	return c
}

// tailFilter says what is shown; an empty field admits everything.
type tailFilter struct {
	site, customer, event string
	rejected              bool
}

func (f *tailFilter) admits(s *seen) bool {
	return (f.site == "" || f.site == s.Site) &&
		(f.customer == "" || f.customer == s.UserID || f.customer == s.AnonymousID) &&
		(f.event == "" || strings.EqualFold(f.event, s.Event)) &&
		(!f.rejected || s.Verdict == verdictRejected)
}

func runTail(c *cobra.Command, o tailOptions) error {
	var common Common
	if err := read(&common); err != nil {
		return err
	}
	rules, err := common.tailRules()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.Context())
	defer cancel()
	from := newFollower(o.kafka, func(err error) { fmt.Fprintln(c.ErrOrStderr(), "throughline:", err) })
	defer from.close()
	names := []string{topics.Touchpoints, topics.Rejected}
	if o.filter.rejected {
		names = names[1:]
	}
	start := startAt{fromStart: o.fromStart}
	if o.since > 0 {
		start.since = time.Now().Add(-o.since)
	}
	entries, err := from.follow(ctx, names, start)
	if err != nil {
		return unreachableKafka(o.kafka.Brokers, err)
	}
	return show(c, o, rules, entries)
}

// show prints entries until there are no more, which is when the context ended, or count lines are out.
func show(c *cobra.Command, o tailOptions, rules tailRules, entries <-chan entry) error {
	lines := 0
	for e := range entries {
		s := rules.read(e)
		if s == nil || !o.filter.admits(s) {
			continue
		}
		line, err := s.line(o.json, terminal.StyleOf(c.OutOrStdout()))
		if err == nil {
			_, err = fmt.Fprintln(c.OutOrStdout(), line)
		}
		if err != nil {
			return fmt.Errorf("print a touchpoint: %w", err)
		}
		if lines++; lines == o.count {
			return nil
		}
	}
	return nil
}

func unreachableKafka(brokers []string, err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	advice := "Is it running? Start it with: throughline up. Where it is elsewhere, name it in THROUGHLINE_KAFKA_BROKERS"
	if special := kafkaconn.Advice(err); special != "" {
		advice = special
	}
	return fmt.Errorf("no topics at Kafka %s: %w\n%s", strings.Join(brokers, ","), err, advice)
}
