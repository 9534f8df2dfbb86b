package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/migrate"
	schema "github.com/throughline/throughline/schemas/clickhouse"
)

// ClickHouse is where the tables are.
type ClickHouse struct {
	DSN string `envconfig:"THROUGHLINE_CLICKHOUSE_DSN" default:"http://127.0.0.1:8123/throughline" desc:"ClickHouse as clickhouse-go reads it: http://, https:// or clickhouse://user:password@host:port/database; TLS with ?secure=true"`
	// Beside the DSN, so that it need hold no secret.
	PasswordFile string `envconfig:"THROUGHLINE_CLICKHOUSE_PASSWORD_FILE" desc:"file that holds the password for ClickHouse instead of the DSN; a line end after it does not count"`
	CAFile       string `envconfig:"THROUGHLINE_CLICKHOUSE_CA_FILE" desc:"PEM file of the authorities that signed ClickHouse's certificate; empty is those of the system"`
	Cluster      string `envconfig:"THROUGHLINE_CLICKHOUSE_CLUSTER" desc:"name of the cluster whose replicated and distributed tables are made; empty is a single node"`
	Quorum       int    `envconfig:"THROUGHLINE_CLICKHOUSE_QUORUM" default:"0" desc:"replicas that must have an insert before it counts; 0 leaves it to the server"`
}

func newMigrate() *cobra.Command {
	var show bool
	c := &cobra.Command{
		Use:   "migrate",
		Short: "Bring ClickHouse's tables and views up to date",
		Long: `Applies the numbered migrations that the database does not have yet. Running it again does nothing.
The database is named by THROUGHLINE_CLICKHOUSE_DSN, and the cluster form is made where THROUGHLINE_CLICKHOUSE_CLUSTER
names a cluster.`,
		Example: "  throughline migrate\n  throughline migrate --show | less",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var cfg ClickHouse
			if err := read(&cfg); err != nil {
				return err
			}
			if show {
				return showMigrations(c, cfg)
			}
			tables, err := cfg.open()
			if err != nil {
				return err
			}
			applied, err := migrate.Apply(c.Context(), tables.DSN, migrate.Options{Cluster: cfg.Cluster, Authorities: tables.Authorities})
			for _, name := range applied {
				fmt.Fprintln(c.OutOrStdout(), "applied", name)
			}
			if err == nil && len(applied) == 0 {
				fmt.Fprintln(c.OutOrStdout(), "nothing to do: the database is up to date")
			}
			return err
		},
	}
	c.Flags().BoolVar(&show, "show", false, "print the SQL and run nothing")
	return c
}

func showMigrations(c *cobra.Command, cfg ClickHouse) error {
	statements, err := schema.Render(schema.Form{Cluster: cfg.Cluster})
	if err != nil {
		return err
	}
	for _, sql := range statements {
		fmt.Fprintf(c.OutOrStdout(), "%s;\n\n", sql)
	}
	return nil
}
