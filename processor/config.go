package processor

import (
	"errors"
	"fmt"
	"time"
)

// Config is read from THROUGHLINE_… variables.
type Config struct {
	Brokers    []string `envconfig:"THROUGHLINE_KAFKA_BROKERS" default:"127.0.0.1:9092" desc:"Kafka brokers, comma separated"`
	Group      string   `envconfig:"THROUGHLINE_PROCESSOR_GROUP" default:"throughline-processor" desc:"consumer group of the processors"`
	StateDir   string   `envconfig:"THROUGHLINE_PROCESSOR_STATE_DIR" default:"data/state" desc:"folder of the processor's local state; a cache, safe to delete while stopped"`
	StateCache int64    `envconfig:"THROUGHLINE_PROCESSOR_STATE_CACHE" default:"268435456" desc:"bytes of memory for the state's block cache"`
	// The two bounds of a flush: whichever comes first.
	FlushInterval  time.Duration `envconfig:"THROUGHLINE_PROCESSOR_FLUSH_INTERVAL" default:"500ms" desc:"how long a touchpoint may wait for its flush"`
	FlushRecords   int           `envconfig:"THROUGHLINE_PROCESSOR_FLUSH_RECORDS" default:"100000" desc:"how many records cause a flush at once; under a backlog larger flushes cost less an event and take more memory"`
	SessionTimeout time.Duration `envconfig:"THROUGHLINE_PROCESSOR_SESSION_TIMEOUT" default:"12s" desc:"after how much silence the group gives a processor's partitions to others"`
	LateInserts    time.Duration `envconfig:"THROUGHLINE_PROCESSOR_LATE_INSERTS" default:"45s" desc:"how long after a takeover an INSERT of the owner before may still reach ClickHouse; then what was replayed is reconciled once more; 0 is never"`
	AdminListen    string        `envconfig:"THROUGHLINE_PROCESSOR_ADMIN_LISTEN" default:"127.0.0.1:8082" desc:"address of metrics, health and profiles; never public"`
}

// Validate says which field is wrong and what it must be.
func (c *Config) Validate() error {
	var errs []error
	check := func(ok bool, field, must string) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s must be %s", field, must))
		}
	}
	check(len(c.Brokers) > 0, "THROUGHLINE_KAFKA_BROKERS", "a list of host:port")
	check(c.Group != "", "THROUGHLINE_PROCESSOR_GROUP", "a name")
	check(c.StateDir != "", "THROUGHLINE_PROCESSOR_STATE_DIR", "a folder")
	check(c.FlushInterval > 0, "THROUGHLINE_PROCESSOR_FLUSH_INTERVAL", "longer than 0")
	check(c.FlushRecords > 0 && c.FlushRecords <= 1_000_000, "THROUGHLINE_PROCESSOR_FLUSH_RECORDS", "between 1 and 1000000")
	check(c.SessionTimeout >= 6*time.Second, "THROUGHLINE_PROCESSOR_SESSION_TIMEOUT", "at least 6s")
	check(c.LateInserts >= 0, "THROUGHLINE_PROCESSOR_LATE_INSERTS", "0 or more")
	return errors.Join(errs...)
}

// maxFlushRecords bounds what one flush takes of one partition. It also bounds how far past the committed offset rows of
// an unfinished flush can reach, and so what is reconciled; it may be raised, never lowered.
const maxFlushRecords = 65_536
