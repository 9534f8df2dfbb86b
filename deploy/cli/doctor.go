package cli

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"
	"github.com/spf13/cobra"

	"github.com/throughline/throughline/collector"
	"github.com/throughline/throughline/deploy/doctor"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/deploy/topics"
	"github.com/throughline/throughline/processor"
)

func newDoctor() *cobra.Command {
	var asJSON bool
	var leaveOut []string
	var limit time.Duration
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look at everything the pipeline depends on, and say what to do",
		Long: `Looks at the configuration, the files and folders, Kafka, ClickHouse, the collector and the processor of this
environment, and changes nothing. One line each: ok, warn, FAIL or skipped; then what to do.
The exit code is 1 when anything failed.`,
		Example: "  throughline doctor\n  throughline doctor --skip collector,processor\n  throughline doctor --json | jq .good",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			checks, err := doctorChecks(leaveOut)
			if err != nil {
				return err
			}
			findings := doctor.Run(c.Context(), checks, limit)
			print := doctor.Print
			if asJSON {
				print = doctor.PrintJSON
			}
			if err := print(c.OutOrStdout(), findings); err != nil {
				return fmt.Errorf("print the findings: %w", err)
			}
			if doctor.Failed(findings) {
				return errSaid
			}
			return nil
		},
	}
	f := c.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringSliceVar(&leaveOut, "skip", nil, "checks to leave out, by name")
	f.DurationVar(&limit, "limit", doctor.Limit, "how long one check may take")
	return c
}

// doctorChecks builds the checks from the environment.
func doctorChecks(leaveOut []string) ([]doctor.Check, error) {
	names, err := variableNames()
	if err != nil {
		return nil, err
	}
	cfg := doctorConfig{}
	environment := doctor.Environment{Prefix: prefix + "_", Known: names, Set: os.Environ(), Problems: cfg.read()}
	checks := slices.Concat(
		[]doctor.Check{environment.Check("configuration")},
		cfg.local(),
		doctor.Kafka(cfg.conn, cfg.processor.Group, topics.Config{
			Partitions: cfg.topics.Partitions, Replication: cfg.topics.Replication, MinInsync: cfg.topics.MinInsync,
		}),
		[]doctor.Check{
			doctor.State("state", "topics", cfg.processor.StateDir, cfg.conn),
			doctor.Certificates("certificates", cfg.conn, cfg.clickhouse.DSN),
		},
		doctor.ClickHouse(cfg.tables.DSN, cfg.tables.Authorities),
		[]doctor.Check{
			doctor.Rebuilds("rebuilds", "clickhouse-tables", cfg.tables.DSN, cfg.tables.Authorities, cfg.common.sites, loadRules),
		},
		cfg.services(),
	)
	return without(checks, leaveOut)
}

// without leaves checks out, and says so when there is no such check.
func without(checks []doctor.Check, names []string) ([]doctor.Check, error) {
	var all []string
	for _, c := range checks {
		all = append(all, c.Name)
	}
	for _, name := range names {
		if !slices.Contains(all, name) {
			return nil, usageError(fmt.Errorf("--skip %q: the checks are %s", name, strings.Join(all, ", ")))
		}
	}
	return slices.DeleteFunc(checks, func(c doctor.Check) bool { return slices.Contains(names, c.Name) }), nil
}

// doctorConfig is every setting that a check needs.
type doctorConfig struct {
	common     Common
	up         Up
	kafka      kafkaconn.Config
	conn       kafkaconn.Conn
	topics     Topics
	collector  collector.Config
	processor  processor.Config
	clickhouse ClickHouse
	tables     tables
	client     Client
}

// read fills the structs and gives what is wrong with them; a value that does not parse is at its default then.
func (d *doctorConfig) read() (problems []error) {
	for _, c := range []any{&d.common, &d.up, &d.kafka, &d.topics, &d.collector, &d.processor, &d.clickhouse, &d.client} {
		problems = append(problems, readLeniently(c)...)
		if v, ok := c.(interface{ Validate() error }); ok {
			if err := v.Validate(); err != nil {
				problems = append(problems, err)
			}
		}
	}
	// What is wrong with the variables has been said; files that cannot be read have not.
	if conn, err := d.kafka.Open(); err == nil || d.kafka.Validate() != nil {
		d.conn = conn
	} else {
		problems = append(problems, err)
	}
	d.conn.Brokers = d.kafka.Brokers
	if tables, err := d.clickhouse.open(); err == nil {
		d.tables = tables
	} else {
		problems = append(problems, err)
		d.tables.DSN = d.clickhouse.DSN
	}
	if _, err := d.common.logger(os.Stderr); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// readLeniently unsets each value that does not parse, for this process only, so that the rest is read.
func readLeniently(config any) (problems []error) {
	for {
		err := envconfig.Process(prefix, config)
		var bad *envconfig.ParseError
		if err == nil {
			return problems
		}
		if !errors.As(err, &bad) {
			return append(problems, err)
		}
		problems = append(problems, fmt.Errorf("%s=%q: %w", bad.KeyName, bad.Value, bad.Err))
		if os.Unsetenv(bad.KeyName) != nil || os.Unsetenv(strings.TrimPrefix(bad.KeyName, prefix+"_")) != nil {
			return problems
		}
	}
}

// Free space that is comfortable.
const (
	roomForData  = 5 << 30
	roomForState = 1 << 30
)

// local are the checks of this machine's files.
func (d *doctorConfig) local() []doctor.Check {
	return []doctor.Check{
		doctor.Sites("sites", d.common.SitesFile, d.common.sites),
		doctor.Rules("stage-rules", "sites", d.common.sites, loadRules),
		doctor.Keys("keys", "sites", d.collector.Listen, d.common.sites),
		doctor.Folder("data-folder", d.up.DataDir, roomForData),
		doctor.Folder("state-folder", d.processor.StateDir, roomForState),
		doctor.Folder("spool-folder", d.collector.SpoolDir, uint64(max(d.collector.SpoolBytes, 0))),
		doctor.Library("engine-library", libchdb.Find),
		doctor.OpenFiles("open-files", d.collector.MaxConnections),
		doctor.Ports("ports", append(d.admins(), doctor.Listen{
			Variable: "THROUGHLINE_COLLECTOR_LISTEN", Addr: d.collector.Listen, Path: "/v1/openapi.yaml",
		})),
		doctor.AdminAddresses("admin-addresses", d.admins(), net.InterfaceAddrs),
	}
}

func (d *doctorConfig) admins() []doctor.Listen {
	return []doctor.Listen{
		{Variable: "THROUGHLINE_COLLECTOR_ADMIN_LISTEN", Addr: d.collector.AdminListen, Path: "/healthz"},
		{Variable: "THROUGHLINE_PROCESSOR_ADMIN_LISTEN", Addr: d.processor.AdminListen, Path: "/healthz"},
	}
}

func (d *doctorConfig) services() []doctor.Check {
	return []doctor.Check{
		doctor.Ready("collector", d.collector.AdminListen, "throughline up, or throughline collector", nil),
		doctor.Ready("processor", d.processor.AdminListen, "throughline up, or throughline processor",
			doctor.GroupElsewhere(d.conn, d.processor.Group)),
	}
}
