package store

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	tables "github.com/throughline/throughline/schemas/clickhouse"
)

// Config is where ClickHouse is and how it is written to.
type Config struct {
	// DSN as clickhouse-go reads it: http://host:8123/throughline, https://… or clickhouse://host:9000/throughline.
	// Without a database it is throughline. HTTP is the faster way in: blocks are encoded here, once.
	DSN string
	// Authorities that may have signed the server's certificate, where the DSN asks for TLS; nil is those of the system.
	Authorities *x509.CertPool
	// InsertTimeout bounds one attempt of one INSERT; 30 s when 0.
	InsertTimeout time.Duration
	// RetryFrom and RetryTo bound the pause between attempts, which doubles; 50 ms and 2 s when 0.
	RetryFrom, RetryTo time.Duration
	// Quorum is how many replicas must have an INSERT before it counts; 0 leaves it to the server.
	Quorum int
	// Settings are added to every query and win over the store's own.
	Settings map[string]any
}

func (c *Config) setDefaults() {
	setDefault(&c.InsertTimeout, 30*time.Second)
	setDefault(&c.RetryFrom, 50*time.Millisecond)
	setDefault(&c.RetryTo, 2*time.Second)
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

func (c *Config) options() (*clickhouse.Options, error) {
	if c.DSN == "" {
		return nil, errors.New("store: no DSN: set the address of ClickHouse, such as http://127.0.0.1:8123/throughline")
	}
	scheme, _, _ := strings.Cut(c.DSN, "://")
	if !slices.Contains([]string{"http", "https", "clickhouse", "tcp"}, scheme) {
		return nil, errors.New("store: the DSN must start with http://, https:// or clickhouse://")
	}
	opts, err := clickhouse.ParseDSN(c.DSN)
	if err != nil {
		return nil, fmt.Errorf("store: the DSN is not one of ClickHouse: %w", err)
	}
	if opts.Auth.Database == "" || opts.Auth.Database == "default" {
		opts.Auth.Database = tables.DefaultDatabase
	}
	if c.Authorities != nil {
		if opts.TLS == nil {
			return nil, errors.New("store: certificate authorities are given, but the DSN has no secure=true")
		}
		opts.TLS.RootCAs = c.Authorities
	}
	opts.MaxOpenConns = max(opts.MaxOpenConns, 16)
	opts.MaxIdleConns = max(opts.MaxIdleConns, 8)
	opts.TransportFunc = func(t *http.Transport) (http.RoundTripper, error) {
		t.WriteBufferSize, t.ReadBufferSize = 256<<10, 64<<10
		return t, nil
	}
	return opts, nil
}

// insertSettings are stated in full, so that no server default decides. Correctness rests on keys and versions, not
// on the server's de-duplication, which would drop blocks that look alike.
func (c *Config) insertSettings() clickhouse.Settings {
	s := clickhouse.Settings{
		"async_insert":                    0,
		"insert_deduplicate":              0,
		"optimize_on_insert":              0, // FINAL replaces rows anyway; doing it here too costs twice the insert
		"max_partitions_per_insert_block": 0, // history of years comes in one batch
		"distributed_foreground_insert":   1, // acknowledged means on the shard
		// For the native protocol: plain strings travel, the server makes the dictionaries.
		"low_cardinality_allow_in_native_format": 0,
	}
	if c.Quorum > 0 {
		s["insert_quorum"] = c.Quorum
		s["insert_quorum_parallel"] = 0
	}
	maps.Copy(s, c.Settings)
	return s
}

// querySettings are for reading back: what is acknowledged must be seen, and many ids fit into a query.
func (c *Config) querySettings() clickhouse.Settings {
	s := clickhouse.Settings{
		"max_query_size": 16 << 20,
		"do_not_merge_across_partitions_select_final": 1, // a key never leaves its partition
	}
	if c.Quorum > 0 {
		s["select_sequential_consistency"] = 1
	}
	maps.Copy(s, c.Settings)
	return s
}
