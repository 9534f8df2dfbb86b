// Package cluster takes a folder and a number of brokers and gives a running Apache Kafka on loopback: real brokers, of the
// artifacts that Maven has, each of which can be stopped, killed and started again.
package cluster

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/tests/ports"
)

// Options of a cluster.
type Options struct {
	// Brokers is how many there are; 1 where it is 0.
	Brokers int
	// OnlySecure leaves the listener for plain text out: every connection is by TLS and SASL, also those between brokers.
	OnlySecure bool
	// Settings are added to every broker's server.properties and win over the usual ones.
	Settings map[string]string
}

// Cluster is some brokers on loopback.
type Cluster struct {
	Brokers []*Broker
	dir     string
	libs    string
	options Options
}

// New makes the brokers' files in dir; it starts nothing. The error is ErrMissing where there is no Java or no Maven.
func New(ctx context.Context, dir string, o Options) (*Cluster, error) {
	libs, err := Libraries(ctx)
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, libs: libs, options: o}
	if err := certify(dir); err != nil {
		return nil, fmt.Errorf("certificates of the cluster: %w", err)
	}
	for id := 1; id <= max(1, o.Brokers); id++ {
		b := &Broker{ID: id, cluster: c, dir: filepath.Join(dir, fmt.Sprint("broker", id))}
		for _, addr := range []*string{&b.plain, &b.secure, &b.controller} {
			if *addr, err = ports.Addr(); err != nil {
				return nil, err
			}
		}
		c.Brokers = append(c.Brokers, b)
	}
	return c, c.format(ctx)
}

// format makes every broker's log folder, with the first users in it.
func (c *Cluster) format(ctx context.Context) error {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	text := base64.RawURLEncoding.EncodeToString(id)
	return c.each(func(b *Broker) error { return b.format(ctx, text) })
}

// each does something for all brokers side by side.
func (c *Cluster) each(do func(*Broker) error) error {
	errs := make([]error, len(c.Brokers))
	var work sync.WaitGroup
	for i, b := range c.Brokers {
		work.Go(func() { errs[i] = do(b) })
	}
	work.Wait()
	return errors.Join(errs...)
}

// Launch starts every broker and does not wait.
func (c *Cluster) Launch() error {
	return c.each((*Broker).Launch)
}

// Start starts every broker and waits until all answer.
func (c *Cluster) Start(ctx context.Context) error {
	if err := c.Launch(); err != nil {
		return err
	}
	return c.each(func(b *Broker) error { return b.Await(ctx) })
}

// Stop asks all brokers to stop, waits a while, and kills those that go on.
func (c *Cluster) Stop() {
	_ = c.each(func(b *Broker) error { b.Stop(10 * time.Second); return nil }) // gives no error
}

// Plain is for the listeners without security.
func (c *Cluster) Plain() kafkaconn.Config {
	cfg := kafkaconn.Config{}
	for _, b := range c.Brokers {
		cfg.Brokers = append(cfg.Brokers, b.plain)
	}
	return cfg
}

// Secure is for the listeners with TLS and SASL, by SCRAM-SHA-512.
func (c *Cluster) Secure() kafkaconn.Config {
	cfg := kafkaconn.Config{
		TLS: "on", CAFile: filepath.Join(c.dir, caFile), Mechanism: "scram-sha-512", User: User, Password: Password,
	}
	for _, b := range c.Brokers {
		cfg.Brokers = append(cfg.Brokers, b.secure)
	}
	return cfg
}

// Log is the end of what every broker has written.
func (c *Cluster) Log(n int) (out string) {
	for _, b := range c.Brokers {
		text, err := os.ReadFile(filepath.Join(b.dir, "log"))
		if err != nil {
			continue
		}
		out += fmt.Sprintf("== broker %d\n%s\n", b.ID, text[max(0, len(text)-n):])
	}
	return out
}
