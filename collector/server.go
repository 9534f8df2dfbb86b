package collector

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"github.com/throughline/throughline/collector/api"
)

const (
	maxHeaderBytes = 16 << 10
	headerTimeout  = 5 * time.Second
	// answerTime is what an answer may take beyond reading the request and delivering it.
	answerTime = 10 * time.Second
	// profileTime is the longest profile that the admin address gives.
	profileTime = 5 * time.Minute
)

// server is an HTTP server with its listener.
type server struct {
	http     *http.Server
	listener net.Listener
	done     chan struct{}
}

// publicServer bounds everything that a stranger could hold on to.
func publicServer(cfg *Config, handler http.Handler, open *atomic.Int64, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           recovered(handler, logger),
		ReadHeaderTimeout: min(headerTimeout, cfg.ReadTimeout),
		ReadTimeout:       cfg.ReadTimeout,
		// Two deliveries: touchpoints, then the dead letter.
		WriteTimeout:                 cfg.ReadTimeout + 2*cfg.DeliveryTimeout + answerTime,
		IdleTimeout:                  cfg.IdleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		DisableGeneralOptionsHandler: true,
		ConnState:                    counted(open),
		ErrorLog:                     log.New(masked{logger}, "", 0),
	}
}

// counted keeps the number of open connections.
func counted(open *atomic.Int64) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}
}

func adminServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: recovered(handler, logger), ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout,
		WriteTimeout: profileTime, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeaderBytes, ErrorLog: log.New(masked{logger}, "", 0),
	}
}

// listen begins to serve; maxConnections 0 is without bound.
func listen(ctx context.Context, with *http.Server, address string, maxConnections int, logger *slog.Logger) (*server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	s := &server{http: with, listener: listener, done: make(chan struct{})}
	if maxConnections > 0 {
		listener = netutil.LimitListener(listener, maxConnections)
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("server ended", "address", address, "error", err)
		}
	}()
	return s, nil
}

// stop accepts no more, waits for the requests in work, and cuts them off when ctx ends.
func (s *server) stop(ctx context.Context) error {
	if s == nil {
		return nil
	}
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-s.done
	return err
}

// recovered keeps a panic within its request, and the client's address out of the log.
func recovered(next http.Handler, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				id := api.NewRequestID()
				logger.Error("panic in a request", "request_id", id, "panic", p, "stack", string(debug.Stack()))
				w.Header()[api.RequestIDHeader] = []string{id}
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// masked logs what net/http has to say, without client addresses.
type masked struct{ log *slog.Logger }

var addresses = regexp.MustCompile(`\d{1,3}(\.\d{1,3}){3}(:\d+)?|\[[0-9a-fA-F:.%a-z]*\](:\d+)?`)

// Write takes one line.
func (m masked) Write(line []byte) (int, error) {
	m.log.Warn("http server", "message", string(addresses.ReplaceAll(line, []byte("client"))))
	return len(line), nil
}

// addr is empty before the server listens.
func (s *server) addr() string {
	if s == nil {
		return ""
	}
	return s.listener.Addr().String()
}
