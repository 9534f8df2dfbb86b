// Package kafkaconn takes the THROUGHLINE_KAFKA_… variables and gives what every client of Kafka here dials with: the
// brokers' addresses, a TLS configuration and a SASL mechanism.
package kafkaconn

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
)

// Config is read from the environment. Its zero value is one for plain text and nobody in particular.
type Config struct {
	Brokers []string `envconfig:"THROUGHLINE_KAFKA_BROKERS" default:"127.0.0.1:9092" desc:"Kafka brokers, comma separated"`

	TLS        string `envconfig:"THROUGHLINE_KAFKA_TLS" default:"off" desc:"on or off: whether connections to Kafka are encrypted"`
	CAFile     string `envconfig:"THROUGHLINE_KAFKA_TLS_CA_FILE" desc:"PEM file of the authorities that signed the brokers' certificates; empty is those of the system"`
	CertFile   string `envconfig:"THROUGHLINE_KAFKA_TLS_CERT_FILE" desc:"PEM file of our own certificate, where the brokers ask for one"`
	KeyFile    string `envconfig:"THROUGHLINE_KAFKA_TLS_KEY_FILE" desc:"PEM file of its key; secret"`
	ServerName string `envconfig:"THROUGHLINE_KAFKA_TLS_SERVER_NAME" desc:"name that the brokers' certificates must carry; empty is the host that is dialled"`

	Mechanism    string `envconfig:"THROUGHLINE_KAFKA_SASL_MECHANISM" desc:"plain, scram-sha-256 or scram-sha-512; empty is no authentication"`
	User         string `envconfig:"THROUGHLINE_KAFKA_SASL_USER" desc:"user for Kafka"`
	Password     string `envconfig:"THROUGHLINE_KAFKA_SASL_PASSWORD" desc:"password for Kafka; secret"`
	PasswordFile string `envconfig:"THROUGHLINE_KAFKA_SASL_PASSWORD_FILE" desc:"file that holds the password for Kafka instead; a line end after it does not count"`
}

// Conn is what clients dial with. TLS and SASL are nil for plain text.
type Conn struct {
	Brokers []string
	TLS     *tls.Config
	SASL    sasl.Mechanism
}

// mechanisms that are known, by the name they are configured by.
var mechanisms = []string{"plain", "scram-sha-256", "scram-sha-512"}

// Validate says which variable is wrong and what it must be. It reads no file.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, name, must string) {
		if !ok {
			errs = append(errs, fmt.Errorf("THROUGHLINE_KAFKA_%s must be %s", name, must))
		}
	}
	encrypted := c.encrypted()
	check(len(c.Brokers) > 0, "BROKERS", "a list of host:port")
	check(slices.Contains([]string{"", "on", "off"}, c.TLS), "TLS", "on or off")
	check(encrypted || c.CAFile+c.CertFile+c.KeyFile+c.ServerName == "", "TLS", "on where one of the TLS_… variables is set")
	check((c.CertFile == "") == (c.KeyFile == ""), "TLS_KEY_FILE", "set exactly where TLS_CERT_FILE is")
	check(c.Mechanism == "" || slices.Contains(mechanisms, c.mechanism()), "SASL_MECHANISM", "one of "+strings.Join(mechanisms, ", "))
	check(c.Mechanism != "" || c.User+c.Password+c.PasswordFile == "", "SASL_MECHANISM", "set where SASL_USER or a password is: plain, scram-sha-256 or scram-sha-512")
	check(c.Mechanism == "" || c.User != "", "SASL_USER", "set where SASL_MECHANISM is")
	check(c.Mechanism == "" || (c.Password == "") != (c.PasswordFile == ""), "SASL_PASSWORD", "set where SASL_MECHANISM is, or else SASL_PASSWORD_FILE, not both")
	return errors.Join(errs...)
}

func (c Config) encrypted() bool   { return c.TLS == "on" }
func (c Config) mechanism() string { return strings.ToLower(c.Mechanism) }

// Open reads the files that are named. Its errors name the variable at fault and never a secret.
func (c Config) Open() (Conn, error) {
	if err := c.Validate(); err != nil {
		return Conn{}, err
	}
	encryption, err := c.tlsConfig()
	if err != nil {
		return Conn{}, err
	}
	mechanism, err := c.saslMechanism()
	if err != nil {
		return Conn{}, err
	}
	return Conn{Brokers: c.Brokers, TLS: encryption, SASL: mechanism}, nil
}

// Exposed tells that a password travels in clear: the PLAIN mechanism without TLS.
func (c Config) Exposed() bool { return c.mechanism() == "plain" && !c.encrypted() }

// Transport is one for kafka.Client. Whoever takes it closes its idle connections.
func (c Conn) Transport(dialTimeout time.Duration) *kafka.Transport {
	return &kafka.Transport{DialTimeout: dialTimeout, TLS: c.TLS, SASL: c.SASL}
}

// Client is one for administration, with a transport of its own; timeout bounds a request.
func (c Conn) Client(timeout time.Duration) *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(c.Brokers...), Transport: c.Transport(min(timeout, 5*time.Second)), Timeout: timeout}
}
