package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/importer"
	"github.com/throughline/throughline/deploy/terminal"
)

// Client is where tools post to.
type Client struct {
	URL       string `envconfig:"THROUGHLINE_URL" default:"http://127.0.0.1:8080" desc:"address of a collector, for the tools that post to it"`
	WriteKey  string `envconfig:"THROUGHLINE_WRITE_KEY" default:"local" desc:"write key that tools post with"`
	ImportKey string `envconfig:"THROUGHLINE_IMPORT_KEY" default:"local-import" desc:"import key that tools post history with; secret"`
}

func newImport() *cobra.Command {
	var mapping string
	var o importer.Options
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Import history from a CSV or NDJSON file",
		Long: `Reads a CSV or NDJSON file, gzipped or not, turns each row into a touchpoint as a mapping file says, and posts them
to a collector: the same admission and the same topic as everything else. An interrupted import goes on where it was;
importing a file twice changes nothing. A historical touchpoint counts as received when it occurred.`,
		Example: "  throughline import --mapping shop.yaml orders.csv.gz",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var client Client
			if err := read(&client); err != nil {
				return err
			}
			o.File = args[0]
			o.URL, o.Key = either(o.URL, client.URL), either(o.Key, client.ImportKey)
			return runImport(c, mapping, o)
		},
	}
	f := c.Flags()
	f.StringVarP(&mapping, "mapping", "m", "", "YAML file that says which column becomes what (required)")
	f.StringVar(&o.URL, "url", "", "the collector (default THROUGHLINE_URL or http://127.0.0.1:8080)")
	f.StringVar(&o.Key, "key", "", "the site's import key (default THROUGHLINE_IMPORT_KEY or local-import)")
	f.IntVar(&o.Batch, "batch", importer.MaxBatch, "events a request, 1 to 500")
	f.IntVar(&o.InFlight, "in-flight", 4, "requests under way at once")
	f.StringVar(&o.State, "state", "", "progress file (default FILE.throughline-progress)")
	f.BoolVar(&o.Restart, "restart", false, "begin at the first row again")
	f.BoolVar(&o.Gzip, "gzip", false, "compress requests")
	_ = c.MarkFlagRequired("mapping") // the flag exists
	return c
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func runImport(c *cobra.Command, mapping string, o importer.Options) (err error) {
	if o.Mapping, err = importer.LoadMapping(mapping); err != nil {
		return usageError(err)
	}
	out := c.ErrOrStderr()
	o.Report = importer.NewBar(out, terminal.IsTerminal(out))
	sum, err := importer.Run(c.Context(), o)
	fmt.Fprintf(c.OutOrStdout(), "%d rows: %d accepted, %d rejected, %d skipped\n", sum.Rows, sum.Accepted, sum.Rejected, sum.Skipped)
	if err != nil {
		return err
	}
	if sum.Rejected > 0 {
		return codedError{fmt.Errorf("%d rows were refused: see %s", sum.Rejected, sum.RejectedFile), exitRejected}
	}
	return nil
}
