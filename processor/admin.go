package processor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// admin serves metrics, health and profiles on a private address.
type admin struct {
	server   *http.Server
	listener net.Listener
}

func newAdmin(listen string, gatherer prometheus.Gatherer, ready func() map[string]error) *admin {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answerReady(w, ready()) })
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return &admin{server: &http.Server{Addr: listen, Handler: mux, ReadHeaderTimeout: 5 * time.Second}}
}

// answerReady says of each check whether it is ready or why not; 503 while any is not.
func answerReady(w http.ResponseWriter, checks map[string]error) {
	status, said := http.StatusOK, map[string]string{}
	for name, err := range checks {
		said[name] = "ready"
		if err != nil {
			status, said[name] = http.StatusServiceUnavailable, err.Error()
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"ready": status == http.StatusOK, "checks": said})
}

// start listens; an empty address serves nothing.
func (a *admin) start() (err error) {
	if a.server.Addr == "" {
		return nil
	}
	if a.listener, err = net.Listen("tcp", a.server.Addr); err != nil {
		return fmt.Errorf("admin address of the processor: %w", err)
	}
	go func() {
		if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // Serve on a good listener ends only by Shutdown
		}
	}()
	return nil
}

func (a *admin) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = a.server.Shutdown(ctx)
}
