package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/throughline/throughline/schemas/stages"
)

func newStages() *cobra.Command {
	c := &cobra.Command{
		Use:   "stages",
		Short: "Ask the stage rules",
	}
	c.AddCommand(newStagesExplain(), newStagesCheck())
	return c
}

func newStagesExplain() *cobra.Command {
	var in stages.Input
	var file, properties string
	var all bool
	c := &cobra.Command{
		Use:   "explain EVENT",
		Short: "Say which stage an event belongs to, and why",
		Example: `  throughline stages explain "Order Completed"
  throughline stages explain "Page Viewed" --type page --path /pricing
  throughline stages explain signup --property '{"plan":"pro"}' --rules my-stages.yaml --all`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			rules, err := loadRules(file)
			if err != nil {
				return err
			}
			in.Event, in.Properties = args[0], []byte(properties)
			explain(c, rules, in, all)
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&file, "rules", "", "file of stage rules (default: the built-in rules)")
	f.StringVar(&in.Type, "type", "track", "track, page, screen, identify, alias or group")
	f.StringVar(&in.Channel, "channel", "", "channel of the touchpoint, such as \"email\"")
	f.StringVar(&in.Path, "path", "", "path of the page")
	f.StringVar(&properties, "property", "", "properties as a JSON object")
	f.BoolVar(&all, "all", false, "list every rule that was considered")
	return c
}

func explain(c *cobra.Command, rules *stages.Rules, in stages.Input, all bool) {
	stage, rule := rules.Match(in)
	if rule == "" {
		fmt.Fprintf(c.OutOrStdout(), "%q has no stage: no rule of version %s matches. It counts as a touch and moves nothing.\n", in.Event, rules.Version())
	} else {
		fmt.Fprintf(c.OutOrStdout(), "%q is %s, by rule %s of version %s.\n", in.Event, stage, rule, rules.Version())
	}
	if !all {
		return
	}
	for _, step := range rules.Explain(in) {
		mark := "·"
		if step.Matched {
			mark = "→"
		}
		fmt.Fprintf(c.OutOrStdout(), "  %s %-28s %-13s %s\n", mark, step.Rule, step.Stage, step.Reason)
	}
}

func newStagesCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Check a file of stage rules",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "" {
				return usageError(errors.New("name a file"))
			}
			rules, err := loadRules(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "good: version %s of %s\n", rules.Version(), rules.Date().Format("2006-01-02"))
			return nil
		},
	}
}
