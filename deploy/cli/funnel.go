package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/terminal"
	schema "github.com/throughline/throughline/schemas/clickhouse"
)

func newFunnel() *cobra.Command {
	var site string
	var days int
	var watch time.Duration
	c := &cobra.Command{
		Use:   "funnel",
		Short: "Draw the funnel of the five stages",
		Long: `Draws, for the journeys begun in the last days, how many reached each stage one after another, how many of them
dropped off there, and how many are still open: their timeout has not passed.

The same in SQL:
  SELECT * FROM throughline.stage_funnel(site = 'main', from = now() - INTERVAL 30 DAY, to = now() + INTERVAL 1 DAY)`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var cfg ClickHouse
			if err := read(&cfg); err != nil {
				return err
			}
			tables, err := cfg.open()
			if err != nil {
				return err
			}
			conn, err := openQueries(tables)
			if err != nil {
				return err
			}
			defer conn.Close()
			return drawFunnel(c, conn, site, days, watch)
		},
	}
	f := c.Flags()
	f.StringVar(&site, "site", "main", "the site")
	f.IntVar(&days, "days", 30, "journeys begun in the last so many days")
	f.DurationVar(&watch, "watch", 0, "draw again after so long, until interrupted")
	return c
}

// openQueries connects to the database of the tables.
func openQueries(at tables) (driver.Conn, error) {
	options, err := clickhouse.ParseDSN(at.DSN)
	if err != nil {
		return nil, usageError(fmt.Errorf("THROUGHLINE_CLICKHOUSE_DSN: %w", err))
	}
	if options.Auth.Database == "" || options.Auth.Database == "default" {
		options.Auth.Database = schema.DefaultDatabase
	}
	if options.TLS != nil {
		options.TLS.RootCAs = at.Authorities
	}
	return clickhouse.Open(options)
}

func drawFunnel(c *cobra.Command, conn driver.Conn, site string, days int, watch time.Duration) error {
	screen := terminal.NewScreen(c.OutOrStdout())
	for {
		steps, err := queryFunnel(c.Context(), conn, site, days)
		if err != nil {
			return fmt.Errorf("read the funnel: %w", err)
		}
		frame := terminal.Funnel(steps, screen.Style())
		if watch <= 0 || !screen.Live() {
			fmt.Fprint(c.OutOrStdout(), frame)
			if watch <= 0 {
				return nil
			}
		} else if err := screen.Draw(frame); err != nil {
			return err
		}
		select {
		case <-c.Context().Done():
			return nil
		case <-time.After(watch):
		}
	}
}

// queryFunnel reads the stages in order.
func queryFunnel(ctx context.Context, conn driver.Conn, site string, days int) ([]terminal.Step, error) {
	rows, err := conn.Query(clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{
		"site": site, "days": fmt.Sprint(days),
	})), `SELECT stage_name, toUInt64(depth_reached), toUInt64(open), toUInt64(dropped)
		FROM stage_funnel(site = {site:String}, from = toDateTime64(now() - toIntervalDay({days:UInt32}), 3, 'UTC'),
			to = toDateTime64(now() + INTERVAL 1 DAY, 3, 'UTC')) ORDER BY stage`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var steps []terminal.Step
	for rows.Next() {
		var s terminal.Step
		if err := rows.Scan(&s.Stage, &s.Reached, &s.Open, &s.Dropped); err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, rows.Err()
}
