package collector

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/kelseyhightower/envconfig"
)

func defaults(t testing.TB) Config {
	t.Helper()
	var cfg Config
	if err := envconfig.Process("THROUGHLINE", &cfg); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestDefaultsAreValid(t *testing.T) {
	cfg := defaults(t)
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
	if cfg.Listen != "127.0.0.1:8080" || cfg.AdminListen != "127.0.0.1:8081" || cfg.TrustedProxies != nil {
		t.Errorf("%+v", cfg)
	}
}

func TestValidateNamesTheVariable(t *testing.T) {
	for variable, change := range map[string]func(*Config){
		"COLLECTOR_LISTEN":                     func(c *Config) { c.Listen = "" },
		"COLLECTOR_ADMIN_LISTEN":               func(c *Config) { c.AdminListen = c.Listen },
		"KAFKA_BROKERS":                        func(c *Config) { c.Brokers = nil },
		"COLLECTOR_SPOOL_DIR":                  func(c *Config) { c.SpoolDir = "" },
		"COLLECTOR_SPOOL_BYTES":                func(c *Config) { c.SpoolBytes = 5 },
		"COLLECTOR_DELIVERY_TIMEOUT":           func(c *Config) { c.DeliveryTimeout = 0 },
		"COLLECTOR_MAX_BODY_BYTES":             func(c *Config) { c.MaxBodyBytes = 1 << 30 },
		"COLLECTOR_PUBLISH_BYTES":              func(c *Config) { c.PublishBytes = 1 },
		"COLLECTOR_MAX_EVENTS":                 func(c *Config) { c.MaxEvents = 0 },
		"COLLECTOR_MAX_IN_FLIGHT":              func(c *Config) { c.MaxInFlight = 0 },
		"COLLECTOR_MAX_CONNECTIONS":            func(c *Config) { c.MaxConnections = -1 },
		"COLLECTOR_READ_TIMEOUT":               func(c *Config) { c.ReadTimeout = 0 },
		"COLLECTOR_IDLE_TIMEOUT":               func(c *Config) { c.IdleTimeout = 0 },
		"COLLECTOR_DRAIN_DELAY":                func(c *Config) { c.DrainDelay = -1 },
		"COLLECTOR_RETRY_AFTER":                func(c *Config) { c.RetryAfter = 5 },
		"COLLECTOR_CLIENT_REQUESTS_PER_SECOND": func(c *Config) { c.ClientRequests = -1 },
		"COLLECTOR_SITE_EVENTS_PER_SECOND":     func(c *Config) { c.SiteEvents = -1 },
	} {
		cfg := defaults(t)
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "THROUGHLINE_"+variable+" must be") {
			t.Errorf("%s: %v", variable, err)
		}
	}
}

func TestNetworks(t *testing.T) {
	t.Setenv("THROUGHLINE_COLLECTOR_TRUSTED_PROXIES", "10.1.2.3/8, 192.0.2.1,2001:db8::/32")
	want := Networks{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::/32")}
	got := defaults(t).TrustedProxies
	if len(got) != len(want) {
		t.Fatal(got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got[i], want[i])
		}
	}
	var n Networks
	if err := n.Decode("10.0.0.0/8,home"); err == nil {
		t.Error("a word was taken for a network")
	}
}
