package cli

import (
	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
)

// newServeEngine runs the ClickHouse engine by itself until it is asked to stop: for tests that want it in a container of its
// own. It has no password, and is not for production.
func newServeEngine() *cobra.Command {
	var cfg engine.Config
	c := &cobra.Command{
		Use: "serve-engine", Hidden: true, Args: cobra.NoArgs,
		Short: "Serve ClickHouse's HTTP interface from the engine library",
		RunE: func(c *cobra.Command, _ []string) error {
			var common Common
			err := read(&common)
			if err != nil {
				return err
			}
			if cfg.Log, err = common.logger(c.ErrOrStderr()); err != nil {
				return err
			}
			if cfg.LibPath, err = libchdb.Find(); err != nil {
				return err
			}
			return engine.Serve(c.Context(), cfg)
		},
	}
	c.Flags().StringVar(&cfg.Listen, "listen", "127.0.0.1:8123", "address of the HTTP interface")
	c.Flags().StringVar(&cfg.DataDir, "data", "data/clickhouse", "folder of the tables")
	return c
}
