package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/deploy/topics"
)

// Topics is the shape of the topics in a Kafka that is not our own.
type Topics struct {
	Partitions  int `envconfig:"THROUGHLINE_KAFKA_PARTITIONS" default:"0" desc:"partitions of the topic of touchpoints: the most processors that can share the work; 0 takes as many as there are, and 12 for a new topic"`
	Replication int `envconfig:"THROUGHLINE_KAFKA_REPLICATION" default:"0" desc:"copies of each partition; 0 is one for each broker, at most three"`
	MinInsync   int `envconfig:"THROUGHLINE_KAFKA_MIN_INSYNC_REPLICAS" default:"0" desc:"copies that must have a touchpoint before it is acknowledged; 0 is one fewer than there are copies"`
}

// usualPartitions of a new topic: room to grow to twelve processors.
const usualPartitions = 12

// topicsPatience bounds the waiting for a cluster that is starting.
const topicsPatience = 30 * time.Second

func newTopics() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "topics",
		Short: "Show Kafka's topics as they are and as they should be; create, verify, grow them",
		Long: `Compares the topics at THROUGHLINE_KAFKA_BROKERS with what the pipeline needs: partitions, copies, retention,
min.insync.replicas, and what else could lose a touchpoint. Says what to do about each difference, and changes nothing.`,
		Example: "  throughline topics\n  throughline topics create\n  throughline topics verify --json\n  throughline topics grow --partitions 24",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := topicsConfig()
			if err != nil {
				return err
			}
			_, err = showTopics(c, cfg, asJSON)
			return err
		},
	}
	c.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	c.AddCommand(newTopicsCreate(&asJSON), newTopicsVerify(&asJSON), newTopicsGrow())
	return c
}

func newTopicsCreate(asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use:   "create",
		Short: "Create topics that are missing, and put settings right that do not do",
		Long: `Creates the topics that are missing and alters settings that would lose touchpoints. Retention is never shortened.
Running it again changes nothing. It waits half a minute for a cluster that is starting.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := topicsConfig()
			if err != nil {
				return err
			}
			if err := createTopics(c.Context(), cfg); err != nil {
				return kafkaTrouble(err)
			}
			return verifyTopics(c, cfg, *asJSON)
		},
	}
}

// createTopics keeps the number of partitions that the topics have, unless another one is configured.
func createTopics(ctx context.Context, cfg topics.Config) error {
	ctx, cancel := context.WithTimeout(ctx, topicsPatience)
	defer cancel()
	if cfg.Partitions == 0 {
		cfg.Partitions = usualPartitions
		if there, err := topics.Partitions(ctx, cfg); err != nil {
			return err
		} else if there > 0 {
			cfg.Partitions = there
		}
	}
	err := topics.Ensure(ctx, cfg)
	if errors.Is(err, topics.ErrPartitions) {
		return fmt.Errorf("%w\nTo have more: 'throughline topics grow --partitions %d' explains how. To keep them: change THROUGHLINE_KAFKA_PARTITIONS", err, cfg.Partitions)
	}
	return err
}

func newTopicsVerify(asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Compare the topics with what they should be; the exit code is 1 where they differ",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := topicsConfig()
			if err != nil {
				return err
			}
			return verifyTopics(c, cfg, *asJSON)
		},
	}
}

func verifyTopics(c *cobra.Command, cfg topics.Config, asJSON bool) error {
	good, err := showTopics(c, cfg, asJSON)
	if err == nil && !good {
		return errSaid
	}
	return err
}

// topicsConfig reads the environment.
func topicsConfig() (topics.Config, error) {
	var shape Topics
	if err := read(&shape); err != nil {
		return topics.Config{}, err
	}
	for name, value := range map[string]int{"PARTITIONS": shape.Partitions, "REPLICATION": shape.Replication, "MIN_INSYNC_REPLICAS": shape.MinInsync} {
		if value < 0 {
			return topics.Config{}, usageError(fmt.Errorf("configuration: THROUGHLINE_KAFKA_%s must be 0 or more", name))
		}
	}
	conn, err := openKafka(nil)
	if err != nil {
		return topics.Config{}, err
	}
	return topics.Config{
		Brokers: conn.Brokers, Transport: conn.Transport(5 * time.Second),
		Partitions: shape.Partitions, Replication: shape.Replication, MinInsync: shape.MinInsync,
	}, nil
}

// kafkaTrouble adds what to do to an error of the cluster.
func kafkaTrouble(err error) error {
	if advice := kafkaconn.Advice(err); advice != "" {
		return fmt.Errorf("%w\n%s", err, advice)
	}
	return err
}

// showTopics prints the comparison and tells whether all is as it should be.
func showTopics(c *cobra.Command, cfg topics.Config, asJSON bool) (good bool, err error) {
	ctx, cancel := context.WithTimeout(c.Context(), topicsPatience)
	defer cancel()
	rows, err := topics.Inspect(ctx, cfg)
	if err != nil {
		return false, kafkaTrouble(err)
	}
	good = true
	for _, r := range rows {
		good = good && r.Good
	}
	if asJSON {
		encoder := json.NewEncoder(c.OutOrStdout())
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return good, encoder.Encode(struct {
			Good bool         `json:"good"`
			Rows []topics.Row `json:"rows"`
		}{good, rows})
	}
	_, err = io.WriteString(c.OutOrStdout(), topicsTable(rows))
	return good, err
}

// topicsTable draws rows, and below them what to do, each step once.
func topicsTable(rows []topics.Row) string {
	cells := [][]string{{"topic", "what", "is", "should be", ""}}
	var todo []string
	seen := map[string]bool{}
	for _, r := range rows {
		mark := "ok"
		if !r.Good {
			mark = "DIFFERS: " + r.Why
			if step := r.ToDo; !seen[step] {
				seen[step] = true
				todo = append(todo, "  "+step+"\n")
			}
		}
		cells = append(cells, []string{r.Topic, r.What, r.Is, r.Should, mark})
	}
	out := columns(cells)
	if len(todo) > 0 {
		out += "\nWhat to do:\n" + strings.Join(todo, "")
	}
	return out
}

// columns aligns cells, the last of a row apart.
func columns(rows [][]string) string {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", width[i]-len([]rune(cell))+2)
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return out.String()
}
