package publish

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go/sasl"
)

// Config of one Producer; zero values take the defaults named here.
type Config struct {
	// Brokers are host:port addresses to find the cluster by.
	Brokers []string
	// Topic that every record goes to.
	Topic string
	// Partitions the topic is expected to have. With it Start succeeds while the broker is away, and fails when the
	// broker says another number; 0 takes the broker's number, and Start waits for it.
	Partitions int
	// MaxBytes bounds the records that are admitted and not yet settled. Default 64 MiB.
	MaxBytes int64
	// MaxBatchBytes bounds one batch before compression; a larger record travels alone. Default 1 MiB.
	MaxBatchBytes int
	// RequestTimeout bounds one request to the broker. Default 5 s.
	RequestTimeout time.Duration
	// DeliveryTimeout bounds the time from a batch's first record to its settlement. Default 10 s.
	DeliveryTimeout time.Duration
	// BreakAfter is how long a partition may fail without a success before Publish fails at once. Default 1 s.
	BreakAfter time.Duration
	// Compression of batches: "none" (default), "lz4" or "zstd".
	Compression string
	// ClientID is told to the broker. Default "throughline-collector".
	ClientID string
	// TLS and SASL are nil for plain text.
	TLS  *tls.Config
	SASL sasl.Mechanism
}

// Dependencies of a Producer; each may be nil.
type Dependencies struct {
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Dial opens connections to brokers, TCP when nil.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func (c Config) withDefaults() Config {
	setDefault(&c.MaxBytes, 64<<20)
	setDefault(&c.MaxBatchBytes, 1<<20)
	setDefault(&c.RequestTimeout, 5*time.Second)
	setDefault(&c.DeliveryTimeout, 10*time.Second)
	setDefault(&c.BreakAfter, time.Second)
	setDefault(&c.Compression, "none")
	setDefault(&c.ClientID, "throughline-collector")
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c Config) validate() error {
	switch {
	case len(c.Brokers) == 0:
		return errors.New("publish: no broker addresses")
	case c.Topic == "":
		return errors.New("publish: no topic")
	case c.Partitions < 0:
		return fmt.Errorf("publish: %d partitions", c.Partitions)
	case c.MaxBytes < 0 || c.MaxBatchBytes < 0:
		return errors.New("publish: negative size limit")
	case c.RequestTimeout < 0 || c.DeliveryTimeout < 0 || c.BreakAfter < 0:
		return errors.New("publish: negative timeout")
	}
	_, err := codecOf(c.Compression)
	return err
}
