package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	_ "net/http/pprof" // on the profile address of every role
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/deploy/embedded/broker"
	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/processor"
	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Servers that the program has no command for run as processes of this program.
const (
	rolePrefix    = "role:"
	roleNoop      = rolePrefix + "noop"
	roleBroker    = rolePrefix + "broker"
	roleEngine    = rolePrefix + "engine"
	roleFetcher   = rolePrefix + "fetcher"
	roleDiscarder = rolePrefix + "discarder"
)

func runRole(role string, args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch role {
	case roleNoop:
		return serveNoop(ctx, args[0], args[1])
	case roleBroker:
		return serveBroker(ctx, args)
	case roleEngine:
		return engine.RunChild(ctx)
	case roleFetcher:
		partitions, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		return fetchAll(ctx, args[0], partitions)
	case roleDiscarder:
		return discard(ctx, args)
	}
	return fmt.Errorf("there is no %s", role)
}

// serveProfiles is where the profile of a role can be read.
func serveProfiles(addr string) {
	go func() { fmt.Fprintln(os.Stderr, http.ListenAndServe(addr, nil)) }()
}

// serveNoop is the baseline of the collector: net/http that reads the body.
func serveNoop(ctx context.Context, addr, profile string) error {
	serveProfiles(profile)
	server := &http.Server{Addr: addr, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	})}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.ListenAndServe(); ctx.Err() == nil {
		return err
	}
	return nil
}

// startNoop starts the baseline of the collector.
func (b *bench) startNoop(ctx context.Context) (p *process, addr string, err error) {
	var profile string
	if err := freeAddrs(&addr, &profile); err != nil {
		return nil, "", err
	}
	if p, err = b.role("noop", profile, roleNoop, addr, profile); err != nil {
		return nil, "", err
	}
	return p, addr, p.ready(ctx, listens(addr))
}

func (b *bench) role(name, profile, role string, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return b.start(name, profile, nil, self, append([]string{role}, args...)...)
}

// serveBroker is the embedded broker: address, profile address, folder, sync, partitions.
func serveBroker(ctx context.Context, args []string) error {
	serveProfiles(args[1])
	partitions, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	k, err := broker.New(broker.Config{Listen: args[0], DataDir: args[2], Sync: args[3] == "true", Partitions: partitions},
		slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	if err := k.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return k.Stop()
}

// startBroker starts a broker with a folder of its own.
func (b *bench) startBroker(ctx context.Context, name string, sync bool) (p *process, addr string, err error) {
	dir, err := b.folder("kafka")
	if err != nil {
		return nil, "", err
	}
	var profile string
	if err := freeAddrs(&addr, &profile); err != nil {
		return nil, "", err
	}
	p, err = b.role(name, profile, roleBroker, addr, profile, filepath.Join(dir, "data"), strconv.FormatBool(sync), strconv.Itoa(b.partitions))
	if err != nil {
		return nil, "", err
	}
	return p, addr, p.ready(ctx, listens(addr))
}

// discard is the processor with a store that takes everything and keeps nothing: broker, group, folder, admin address.
func discard(ctx context.Context, args []string) error {
	registry := prometheus.NewRegistry()
	p, err := processor.New(processor.Config{
		Brokers: args[:1], Group: args[1], StateDir: args[2], AdminListen: args[3], StateCache: 256 << 20,
		FlushInterval: 500 * time.Millisecond, FlushRecords: 100_000, SessionTimeout: 12 * time.Second,
	}, processor.Deps{
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Registerer: registry, Gatherer: registry, Sites: sites.Default(),
		LoadRules: func(string) (*stages.Rules, error) { return stages.Builtin(), nil },
		OpenStore: func(context.Context) (processor.Store, error) { return discarder{}, nil },
	})
	if err != nil {
		return err
	}
	return p.Run(ctx)
}

// discarder is the store that keeps nothing.
type discarder struct{}

func (discarder) RestoreLinks(context.Context, int, int, func(*store.LinkedID) error) error {
	return nil
}
func (discarder) RestoreSources(context.Context, int, int, func(*store.SourceOf) error) error {
	return nil
}
func (discarder) Touches(context.Context, []touchpoint.Customer, func(*store.TouchRow) error) error {
	return nil
}
func (discarder) Links(context.Context, []touchpoint.Customer, func(*store.LinkedID) error) error {
	return nil
}
func (discarder) Sources(context.Context, []touchpoint.Customer, func(*store.SourceOf) error) error {
	return nil
}
func (discarder) Floors(context.Context, []touchpoint.Customer) (map[touchpoint.Customer]uint64, error) {
	return nil, nil
}
func (discarder) Rebuilds(context.Context) ([]store.RebuildStep, error) { return nil, nil }

func (discarder) Erasures(context.Context) ([]erasure.Mark, error) { return nil, nil }

func (discarder) Write(context.Context, ...*store.Batch) error { return nil }

func (discarder) LiveKeys(context.Context, []touchpoint.Customer, func(store.LiveKey) error) error {
	return nil
}

func (discarder) Restore(context.Context, int, int, time.Time, func(*store.TouchRow) error) error {
	return nil
}
