package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/topics"
	"github.com/throughline/throughline/processor"
)

func newOffsets() *cobra.Command {
	c := &cobra.Command{
		Use:   "offsets",
		Short: "Print how far the processors have come in Kafka; set them back after a restore",
		Long: `Prints topic,partition,offset of each partition, as committed by the group THROUGHLINE_PROCESSOR_GROUP. Keep it beside a backup
of ClickHouse, taken before the backup: after a restore the processors go on from there, and what came later is replayed.`,
		Example: "  throughline offsets > offsets.csv\n  throughline offsets set offsets.csv",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, group, err := offsetsConfig()
			if err != nil {
				return err
			}
			all, err := topics.Offsets(c.Context(), cfg, group)
			if err != nil {
				return kafkaTrouble(err)
			}
			for _, o := range all {
				fmt.Fprintf(c.OutOrStdout(), "%s,%d,%d\n", o.Topic, o.Partition, o.Offset)
			}
			return nil
		},
	}
	c.AddCommand(newOffsetsSet())
	return c
}

func newOffsetsSet() *cobra.Command {
	return &cobra.Command{
		Use:   "set FILE",
		Short: "Have the processors go on from the offsets of a file; - is standard input",
		Long: `Commits the offsets of a file that 'throughline offsets' has written. The processors must be stopped, and their state folders deleted.
Partitions that the file does not name begin at the beginning. Offsets that are too early only cost time: what is replayed
twice changes nothing.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, group, err := offsetsConfig()
			if err != nil {
				return err
			}
			to, err := readOffsets(args[0], c.InOrStdin())
			if err != nil {
				return err
			}
			if err := topics.SetOffsets(c.Context(), cfg, group, to); err != nil {
				return kafkaTrouble(err)
			}
			fmt.Fprintf(c.OutOrStdout(), "group %s goes on from %s\n", group, args[0])
			return nil
		},
	}
}

func offsetsConfig() (topics.Config, string, error) {
	var p processor.Config
	if err := read(&p); err != nil {
		return topics.Config{}, "", err
	}
	cfg, err := topicsConfig()
	return cfg, p.Group, err
}

// readOffsets reads lines of topic,partition,offset; its errors name the line.
func readOffsets(path string, stdin io.Reader) (all []topics.Offset, err error) {
	from := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		from = file
	}
	rows := csv.NewReader(from)
	rows.FieldsPerRecord = 3
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) && len(all) == 0 {
			return nil, fmt.Errorf("%s: no offsets in it", path)
		}
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		line, _ := rows.FieldPos(0)
		partition, err := strconv.Atoi(row[1])
		if err != nil || partition < 0 {
			return nil, fmt.Errorf("%s: line %d: partition %q", path, line, row[1])
		}
		offset, err := strconv.ParseInt(row[2], 10, 64)
		if err != nil || offset < 0 {
			return nil, fmt.Errorf("%s: line %d: offset %q", path, line, row[2])
		}
		all = append(all, topics.Offset{Topic: row[0], Partition: partition, Offset: offset})
	}
}
