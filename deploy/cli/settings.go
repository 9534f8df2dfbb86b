package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/kelseyhightower/envconfig"

	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/deploy/logs"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
)

// prefix of every variable. It stands in each tag: envconfig takes what a tag names without a prefix, too, and LOG_LEVEL may be
// another program's.
const prefix = "THROUGHLINE"

// Common is what every command reads.
type Common struct {
	SitesFile string `envconfig:"THROUGHLINE_SITES_FILE" desc:"YAML file of sites, keys and journey options; without it there is one site main with the write key local"`
	LogLevel  string `envconfig:"THROUGHLINE_LOG_LEVEL" default:"info" desc:"debug, info, warn or error"`
	LogFormat string `envconfig:"THROUGHLINE_LOG_FORMAT" default:"text" desc:"text or json"`
}

// read fills config structs from the environment.
func read(configs ...any) error {
	for _, c := range configs {
		err := envconfig.Process("", c)
		if wrong := new(envconfig.ParseError); errors.As(err, &wrong) {
			return usageError(fmt.Errorf("configuration: %s=%q: not of type %s: %w", wrong.KeyName, wrong.Value, wrong.TypeName, wrong.Err))
		}
		if err != nil {
			return usageError(fmt.Errorf("configuration: %w", err))
		}
	}
	return nil
}

// logger writes to w in the configured form.
func (c *Common) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return nil, usageError(fmt.Errorf("%s_LOG_LEVEL: %w", prefix, err))
	}
	log, err := logs.New(w, c.LogFormat, level)
	if err != nil {
		return nil, usageError(fmt.Errorf("%s_LOG_FORMAT %w", prefix, err))
	}
	return log, nil
}

// begin gives what every service begins with: a log that goes to w, and the sites.
func (c *Common) begin(w io.Writer) (*slog.Logger, *sites.Sites, error) {
	log, err := c.logger(w)
	if err != nil {
		return nil, nil, err
	}
	all, err := c.sites()
	return log, all, err
}

// openKafka reads where Kafka is and how to connect; brokers win over the environment's, where there are any.
func openKafka(brokers []string) (kafkaconn.Conn, error) {
	var cfg kafkaconn.Config
	if err := read(&cfg); err != nil {
		return kafkaconn.Conn{}, err
	}
	if len(brokers) > 0 {
		cfg.Brokers = brokers
	}
	conn, err := cfg.Open()
	if err != nil {
		return kafkaconn.Conn{}, usageError(fmt.Errorf("configuration: %w", err))
	}
	return conn, nil
}

// sites gives the sites file's content, or the one local site where there is none.
func (c *Common) sites() (*sites.Sites, error) {
	if c.SitesFile == "" {
		return sites.Default(), nil
	}
	return sites.LoadFile(c.SitesFile)
}

// loadRules reads a file of stage rules; "" is the built-in set.
func loadRules(file string) (*stages.Rules, error) {
	if file == "" {
		return stages.Builtin(), nil
	}
	return stages.LoadFile(file)
}
