// Package broker takes a folder and an address and gives a Kafka-protocol broker inside this process: records,
// committed offsets and topics live in the folder and outlast a crash of the process.
//
// It is one broker with no authentication, so it listens on loopback only. Automatic creation of topics is off.
// The broker library can sync each batch by itself, but does so while everybody waits, twice a batch, and overlooks
// errors. Here answers wait at a gate instead, until one sync of all that was appended has succeeded.
package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/throughline/throughline/deploy/topics"
)

// DefaultListen is where the broker listens when Config does not say.
const DefaultListen = "127.0.0.1:9092"

// DefaultPartitions is one for each processor of the machine, within bounds: fewer leave processors idle, more cost a
// sync each.
func DefaultPartitions() int { return min(max(runtime.NumCPU(), 2), 16) }

// Config of the broker.
type Config struct {
	// DataDir holds everything the broker keeps; it is created when missing.
	DataDir string
	// Listen is a loopback host:port; clients are told the same address. Port 0 chooses a free one.
	Listen string
	// Advertise is the host:port that clients are told to connect to, where they reach the broker through a proxy; Listen when
	// empty.
	Advertise string
	// Sync means that nothing is acknowledged before it is on disk. Without it an acknowledged record outlasts
	// the process, but not a power cut.
	Sync bool
	// Partitions of the keyed topics when they are made; DefaultPartitions when 0.
	Partitions int
	// Metrics may be nil.
	Metrics prometheus.Registerer
}

// Broker is one running or stopped broker.
type Broker struct {
	cfg     Config
	host    string
	port    int
	log     *slog.Logger
	cluster *kfake.Cluster
	gate    *gate // nil without Sync
	dirty   *dirty
	addr    string
	metrics *metrics
	stop    context.CancelFunc
	done    chan struct{}
}

// New validates cfg and fills in defaults; it opens nothing.
func New(cfg Config, log *slog.Logger) (*Broker, error) {
	if cfg.Listen == "" {
		cfg.Listen = DefaultListen
	}
	if cfg.Partitions == 0 {
		cfg.Partitions = DefaultPartitions()
	}
	if cfg.DataDir == "" {
		return nil, errors.New("broker: data folder is not set")
	}
	if cfg.Partitions < 1 {
		return nil, fmt.Errorf("broker: partitions must be at least 1, not %d", cfg.Partitions)
	}
	host, portText, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("broker: listen address: %w", err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("broker: listen port: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("broker: %q is not a loopback address, and this broker has no authentication", host)
	}
	if log == nil {
		log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	b := &Broker{cfg: cfg, host: host, port: int(port), log: log}
	if b.metrics, err = newMetrics(cfg.Metrics, b); err != nil {
		return nil, fmt.Errorf("broker: register metrics: %w", err)
	}
	return b, nil
}

// Start opens the folder, listens, and creates or verifies the topics. A broker that failed to start holds nothing.
func (b *Broker) Start(ctx context.Context) error {
	if err := os.MkdirAll(b.cfg.DataDir, 0o755); err != nil {
		return fmt.Errorf("broker: data folder: %w", err)
	}
	if b.cfg.Sync {
		// What a killed process left in the operating system's cache is shown to clients soon.
		if err := flush(b.cfg.DataDir); err != nil {
			return err
		}
		b.dirty = newDirty(b.cfg.DataDir)
		b.gate = newGate(b.log, b.metrics.timed(b.dirty.sync))
	}
	cluster, err := kfake.NewCluster(b.options()...)
	if err != nil {
		b.release()
		return fmt.Errorf("broker: open %s: %w", b.cfg.DataDir, err)
	}
	b.cluster, b.addr = cluster, cluster.ListenAddrs()[0]
	err = topics.Ensure(ctx, topics.Config{Brokers: []string{b.addr}, Partitions: b.cfg.Partitions, Replication: 1})
	if err != nil {
		cluster.Close()
		b.release()
		return fmt.Errorf("broker: %w", err)
	}
	run, cancel := context.WithCancel(context.Background())
	b.stop, b.done = cancel, make(chan struct{})
	go b.retain(run)
	return nil
}

func (b *Broker) options() []kfake.Opt {
	return []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.Ports(b.port),
		kfake.ClusterID("throughline"),
		kfake.DataDir(b.cfg.DataDir),
		kfake.WithLogger(logger{b.log}),
		kfake.ListenFn(b.listen),
	}
}

func (b *Broker) listen(network, _ string) (net.Listener, error) {
	l, err := net.Listen(network, b.cfg.Listen)
	if err != nil {
		return nil, err
	}
	if b.cfg.Advertise == "" {
		return listener{Listener: l, gate: b.gate}, nil
	}
	told, err := net.ResolveTCPAddr("tcp", b.cfg.Advertise)
	if err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("broker: advertised address: %w", err)
	}
	return proxied{listener{Listener: l, gate: b.gate}, told}, nil
}

// retain applies retention: kfake does so by itself only after a topic was created or altered in this run.
func (b *Broker) retain(ctx context.Context) {
	defer close(b.done)
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			b.cluster.ApplyRetention()
		}
	}
}

// Addr is the host:port clients connect to; known after Start.
func (b *Broker) Addr() string { return b.addr }

// Err says why nothing is acknowledged any more: the disk failed, or the broker stopped. It is nil while all is well.
func (b *Broker) Err() error {
	switch {
	case b.stop == nil:
		return errStopped
	case b.gate == nil:
		return nil
	}
	return b.gate.failure()
}

// Cluster is the broker itself, for tests that inject faults; nil before Start.
func (b *Broker) Cluster() *kfake.Cluster { return b.cluster }

// Stop closes connections and flushes everything to disk. It is safe to call twice, and before Start.
func (b *Broker) Stop() error {
	if b.stop == nil {
		return nil
	}
	b.stop()
	<-b.done
	b.stop = nil
	b.cluster.Close()
	b.release()
	return flush(b.cfg.DataDir)
}

// release lets go of the files that are watched for syncs.
func (b *Broker) release() {
	if b.gate != nil {
		b.gate.end(b.dirty.close)
	}
}
