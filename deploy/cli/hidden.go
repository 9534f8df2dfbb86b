package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
)

// engineCommand leads to the engine in the child process.
const engineCommand = "engine"

// newEngine is run by the pipeline itself.
func newEngine() *cobra.Command {
	return &cobra.Command{
		Use: engineCommand, Hidden: true, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return engine.RunChild(c.Context()) },
	}
}

// newLibchdb is run by make before the first start, so that the download shows its progress there.
func newLibchdb() *cobra.Command {
	var unpinned bool
	cmd := &cobra.Command{
		Use: "libchdb", Hidden: true, Args: cobra.NoArgs,
		Short: "Fetch the ClickHouse engine library where it is missing, and print where it is",
		RunE: func(c *cobra.Command, _ []string) error {
			path, err := libchdb.Ensure(c.Context(), c.ErrOrStderr(), unpinned)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), path)
			return nil
		},
	}
	cmd.Flags().BoolVar(&unpinned, "unpinned", false, "take the package of a machine whose checksum is not pinned: npm alone checks it")
	return cmd
}
