package collector

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/throughline/throughline/collector/api"
	"github.com/throughline/throughline/collector/publish"
	"github.com/throughline/throughline/schemas/topics"
)

// Config is read from THROUGHLINE_… variables.
type Config struct {
	Listen      string `envconfig:"THROUGHLINE_COLLECTOR_LISTEN" default:"127.0.0.1:8080" desc:"address of the public HTTP API"`
	AdminListen string `envconfig:"THROUGHLINE_COLLECTOR_ADMIN_LISTEN" default:"127.0.0.1:8081" desc:"address of metrics, health and profiles; never public"`

	Brokers         []string      `envconfig:"THROUGHLINE_KAFKA_BROKERS" default:"127.0.0.1:9092" desc:"Kafka brokers, comma separated"`
	DeliveryTimeout time.Duration `envconfig:"THROUGHLINE_COLLECTOR_DELIVERY_TIMEOUT" default:"10s" desc:"how long Kafka may take for a batch before it goes into the spool"`
	PublishBytes    int64         `envconfig:"THROUGHLINE_COLLECTOR_PUBLISH_BYTES" default:"67108864" desc:"bytes of touchpoints that may wait for Kafka; beyond, requests are answered 429"`
	Compression     string        `envconfig:"THROUGHLINE_COLLECTOR_COMPRESSION" default:"none" desc:"compression of Kafka batches: none, lz4 or zstd"`

	SpoolDir   string `envconfig:"THROUGHLINE_COLLECTOR_SPOOL_DIR" default:"data/spool" desc:"folder that takes events while Kafka is away"`
	SpoolBytes int64  `envconfig:"THROUGHLINE_COLLECTOR_SPOOL_BYTES" default:"1073741824" desc:"bytes the spool may hold; beyond, requests are answered 503"`

	MaxBodyBytes   int           `envconfig:"THROUGHLINE_COLLECTOR_MAX_BODY_BYTES" default:"1048576" desc:"bytes of a request's body, as sent and after inflation"`
	MaxEvents      int           `envconfig:"THROUGHLINE_COLLECTOR_MAX_EVENTS" default:"500" desc:"events of one request"`
	MaxInFlight    int           `envconfig:"THROUGHLINE_COLLECTOR_MAX_IN_FLIGHT" default:"4096" desc:"requests in work at once; beyond, they are answered 429"`
	MaxConnections int           `envconfig:"THROUGHLINE_COLLECTOR_MAX_CONNECTIONS" default:"10000" desc:"open connections; beyond, new ones wait"`
	ReadTimeout    time.Duration `envconfig:"THROUGHLINE_COLLECTOR_READ_TIMEOUT" default:"15s" desc:"time a client has for sending one request"`
	Placeholders   []string      `envconfig:"THROUGHLINE_COLLECTOR_PLACEHOLDER_IDS" desc:"more user ids that name nobody and are refused, comma separated; with ! in front one of the built-in list is allowed again"`
	LinkCache      int           `envconfig:"THROUGHLINE_COLLECTOR_LINK_CACHE" default:"200000" desc:"pairs of anonymous id and user id that are known to be sent, some 120 bytes each; what is forgotten is sent again"`
	IdleTimeout    time.Duration `envconfig:"THROUGHLINE_COLLECTOR_IDLE_TIMEOUT" default:"90s" desc:"time an unused connection stays open"`
	DrainDelay     time.Duration `envconfig:"THROUGHLINE_COLLECTOR_DRAIN_DELAY" default:"0s" desc:"how long a collector that is asked to stop still takes requests while /readyz says no, so that load balancers turn away first"`
	RetryAfter     time.Duration `envconfig:"THROUGHLINE_COLLECTOR_RETRY_AFTER" default:"5s" desc:"what clients are told when there is no room"`

	ClientRequests int      `envconfig:"THROUGHLINE_COLLECTOR_CLIENT_REQUESTS_PER_SECOND" default:"1000" desc:"requests a second of one client address, IPv6 by /64; 0 is off; this machine itself is not limited"`
	SiteEvents     int      `envconfig:"THROUGHLINE_COLLECTOR_SITE_EVENTS_PER_SECOND" default:"0" desc:"events a second of one site; 0 is off"`
	TrustedProxies Networks `envconfig:"THROUGHLINE_COLLECTOR_TRUSTED_PROXIES" desc:"addresses or networks whose X-Forwarded-For is believed, comma separated"`
	CountryHeader  string   `envconfig:"THROUGHLINE_COLLECTOR_COUNTRY_HEADER" desc:"header in which a trusted proxy names the client's country, such as CF-IPCountry"`
}

// Networks is a list of addresses and networks.
type Networks []netip.Prefix

// Decode reads "10.0.0.0/8,192.0.2.1".
func (n *Networks) Decode(text string) error {
	*n = nil
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		prefix, err := parseNetwork(part)
		if err != nil {
			return err
		}
		*n = append(*n, prefix)
	}
	return nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", text)
	}
	return prefix.Masked(), nil
}

// Validate says which field is wrong and what it must be.
func (c *Config) Validate() error {
	var errs []error
	check := func(ok bool, field, must string) {
		if !ok {
			errs = append(errs, fmt.Errorf("THROUGHLINE_%s must be %s", field, must))
		}
	}
	check(c.Listen != "", "COLLECTOR_LISTEN", "a host:port")
	check(c.AdminListen != "", "COLLECTOR_ADMIN_LISTEN", "a host:port")
	check(c.Listen != c.AdminListen || strings.HasSuffix(c.Listen, ":0"), "COLLECTOR_ADMIN_LISTEN", "another address than the public one")
	check(len(c.Brokers) > 0, "KAFKA_BROKERS", "a list of host:port")
	check(c.SpoolDir != "", "COLLECTOR_SPOOL_DIR", "a folder")
	check(c.SpoolBytes >= 1<<20, "COLLECTOR_SPOOL_BYTES", "at least 1048576")
	check(c.DeliveryTimeout > 0, "COLLECTOR_DELIVERY_TIMEOUT", "longer than 0")
	check(c.MaxBodyBytes >= 1<<10 && c.MaxBodyBytes <= topics.MaxMessageBytes, "COLLECTOR_MAX_BODY_BYTES",
		fmt.Sprintf("between 1024 and %d", topics.MaxMessageBytes))
	check(c.PublishBytes >= 4*int64(c.MaxBodyBytes), "COLLECTOR_PUBLISH_BYTES", "at least four times COLLECTOR_MAX_BODY_BYTES")
	check(c.MaxEvents > 0 && c.MaxEvents <= 10_000, "COLLECTOR_MAX_EVENTS", "between 1 and 10000")
	check(c.MaxInFlight > 0, "COLLECTOR_MAX_IN_FLIGHT", "above 0")
	check(c.LinkCache > 0, "COLLECTOR_LINK_CACHE", "above 0")
	check(c.MaxConnections > 0, "COLLECTOR_MAX_CONNECTIONS", "above 0")
	check(c.ReadTimeout > 0, "COLLECTOR_READ_TIMEOUT", "longer than 0")
	check(c.IdleTimeout > 0, "COLLECTOR_IDLE_TIMEOUT", "longer than 0")
	check(c.DrainDelay >= 0, "COLLECTOR_DRAIN_DELAY", "0 or longer")
	check(c.RetryAfter >= time.Second, "COLLECTOR_RETRY_AFTER", "at least 1s")
	check(c.ClientRequests >= 0, "COLLECTOR_CLIENT_REQUESTS_PER_SECOND", "0 or more")
	check(c.SiteEvents >= 0, "COLLECTOR_SITE_EVENTS_PER_SECOND", "0 or more")
	return errors.Join(errs...)
}

// clientsRemembered bounds the addresses whose rate is known; with some 200 bytes each.
const clientsRemembered = 100_000

func (c *Config) api(rulesVersion string, openAPI []byte) api.Config {
	return api.Config{
		MaxBodyBytes: c.MaxBodyBytes, MaxEvents: c.MaxEvents, MaxInFlight: c.MaxInFlight,
		ClientRequestsPerSecond: c.ClientRequests, SiteEventsPerSecond: c.SiteEvents, ClientsRemembered: clientsRemembered, LinksRemembered: c.LinkCache,
		TrustedProxies: c.TrustedProxies, CountryHeader: c.CountryHeader, RetryAfter: c.RetryAfter,
		RulesVersion: rulesVersion, OpenAPI: openAPI,
	}
}

func (c *Config) producer(topic string) publish.Config {
	return publish.Config{
		Brokers: c.Brokers, Topic: topic, MaxBytes: c.PublishBytes, DeliveryTimeout: c.DeliveryTimeout, Compression: c.Compression,
	}
}
