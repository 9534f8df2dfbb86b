package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/topics"
)

const growth = `A customer's touchpoints lie in the partition that their bucket gives: bucket mod partitions. With another number of
partitions most customers move. So:

  1. throughline topics grow --partitions %[1]d --yes
     The processors notice within some seconds. Each restores the customers that are its own now from ClickHouse; meanwhile
     touchpoints wait in Kafka. What still lies in a customer's old partition is passed on to the new one, so nothing has to
     be stopped or drained first.
  2. Set THROUGHLINE_KAFKA_PARTITIONS=%[1]d wherever 'throughline topics' is run.
  3. Restart the collectors, one after another. Until then they write to the old partitions, which is slower, not wrong.

Partitions cannot be taken away again.
`

func newTopicsGrow() *cobra.Command {
	var partitions int
	var yes bool
	c := &cobra.Command{
		Use:   "grow",
		Short: "Give the topic of touchpoints more partitions; without --yes, explain what that means",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if partitions < 1 {
				return usageError(fmt.Errorf("--partitions must be at least 1"))
			}
			if !yes {
				fmt.Fprintf(c.OutOrStdout(), growth, partitions)
				return nil
			}
			cfg, err := topicsConfig()
			if err != nil {
				return err
			}
			before, err := topics.Grow(c.Context(), cfg, partitions)
			if err != nil {
				return kafkaTrouble(err)
			}
			for name, was := range before {
				fmt.Fprintf(c.OutOrStdout(), "%s: %d partitions, there were %d\n", name, partitions, was)
			}
			return nil
		},
	}
	c.Flags().IntVar(&partitions, "partitions", 0, "how many there are to be")
	c.Flags().BoolVar(&yes, "yes", false, "do it")
	return c
}
