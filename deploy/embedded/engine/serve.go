package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
	"github.com/throughline/throughline/deploy/embedded/engine/internal/sqlhttp"
)

// Serve loads the engine into this process and answers until ctx ends. Then it lets running
// statements finish for StopTimeout, cancels the rest, closes the data folder and returns nil. A
// process can serve once: the engine cannot be unloaded.
func Serve(ctx context.Context, cfg Config) error {
	cfg, err := cfg.defaults()
	if err != nil {
		return err
	}
	listeners := []net.Listener{nil, nil}
	for i, addr := range []string{cfg.Listen, cfg.ReaderListen} {
		if addr == "" {
			continue
		}
		if listeners[i], err = net.Listen("tcp", addr); err != nil {
			return fmt.Errorf("listen for ClickHouse clients: %w", err)
		}
	}
	return serve(ctx, cfg, listeners[0], listeners[1], 0)
}

// serve answers on listeners that are already open; readers may be nil. It gives up, with an error that
// says so, when tables need the repair that a start does.
func serve(ctx context.Context, cfg Config, all, readers net.Listener, patience time.Duration) error {
	dir, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return fmt.Errorf("data folder of the ClickHouse engine: %w", err)
	}
	repairs := newRepairs(dir, patience)
	space, err := newSpace(dir)
	if err != nil {
		return err
	}
	lib, server, err := boot(cfg, space, repairs)
	if err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go space.watch(watching, repairs)
	ended := make(chan error, 2)
	var servers []*http.Server
	begin := func(l net.Listener, h http.Handler) {
		one := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 1 << 20}
		servers = append(servers, one)
		go func() { ended <- one.Serve(l) }()
	}
	begin(all, server.Handler())
	if readers != nil {
		begin(readers, server.Readers())
	}
	cfg.Log.Info("ClickHouse engine ready", "address", all.Addr().String(), "data", cfg.DataDir, "library", lib.Version())
	select {
	case <-ctx.Done():
	case err = <-ended:
		err = fmt.Errorf("serve ClickHouse's HTTP interface: %w", err)
	case err = <-repairs.due:
	}
	return errors.Join(err, halt(cfg, server, servers))
}

// boot opens the data folder.
func boot(cfg Config, space *space, repairs *repairs) (*chdb.Library, *sqlhttp.Server, error) {
	temp := filepath.Join(space.folder, "bodies")
	if err := os.MkdirAll(temp, 0o750); err != nil {
		return nil, nil, fmt.Errorf("data folder of the ClickHouse engine: %w", err)
	}
	lib, err := chdb.Load(cfg.LibPath)
	if err != nil {
		return nil, nil, err
	}
	lib.Open(space.folder, append(serverSettings(cfg), space.setting())...)
	server, err := sqlhttp.New(lib, sqlhttp.Config{
		AdminPassword: cfg.AdminPassword, ReaderPassword: cfg.ReaderPassword, MaxQueries: cfg.MaxQueries,
		Settings: sessionSettings(cfg), ReaderSettings: readerSettings(cfg), TempDir: temp, PageAddr: cfg.PageAddr, Log: cfg.Log,
		DiskFull: space.full, OnError: repairs.look,
	})
	return lib, server, err
}

// serverSettings size the engine for sharing two cores with the rest of the pipeline.
func serverSettings(cfg Config) []string {
	return []string{
		"--max_server_memory_usage=" + strconv.FormatUint(cfg.MaxMemory, 10),
		"--background_pool_size=2", "--background_schedule_pool_size=4", "--background_common_pool_size=2",
		"--background_move_pool_size=1", "--background_fetches_pool_size=1",
		"--mark_cache_size=67108864", "--uncompressed_cache_size=0", "--max_thread_pool_free_size=16",
	}
}

// sessionSettings make the library behave as a server does: it is built for scripts.
func sessionSettings(cfg Config) map[string]string {
	settings := map[string]string{
		"async_insert": "0", "implicit_select": "0", "allow_introspection_functions": "0",
		"query_profiler_real_time_period_ns": "0", "query_profiler_cpu_time_period_ns": "0",
		"max_memory_usage": strconv.FormatUint(cfg.MaxQueryMemory, 10),
	}
	for name, value := range cfg.Settings {
		settings[name] = value
	}
	return settings
}

// readerSettings bound what a reader's statement may take.
func readerSettings(cfg Config) map[string]string {
	return map[string]string{
		"max_execution_time": strconv.FormatFloat(cfg.ReaderTimeout.Seconds(), 'f', -1, 64),
		"max_memory_usage":   strconv.FormatUint(cfg.MaxQueryMemory, 10),
	}
}

// halt stops in order: no new requests, running ones finish or are cancelled, connections close.
// The engine's threads end with the process: chdb_shutdown refuses once a table has been written to.
func halt(cfg Config, server *sqlhttp.Server, servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), cfg.StopTimeout)
	defer cancel()
	var errs []error
	for _, s := range servers {
		if s.Shutdown(ctx) != nil {
			errs = append(errs, server.CancelAll(context.Background()), drain(s))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err // a statement still runs: closing its connection would wait for it
	}
	server.Close()
	return nil
}

// drain gives cancelled statements a moment to end.
func drain(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return fmt.Errorf("statements did not stop: %w", err)
	}
	return nil
}
