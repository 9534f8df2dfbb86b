package collector

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	"github.com/throughline/throughline/collector/front"
)

const (
	maxHeaderBytes = 16 << 10
	headerTimeout  = 5 * time.Second
	// answerTime is what the writing of an answer may take.
	answerTime = 10 * time.Second
	// profileTime is the longest profile that the admin address gives.
	profileTime = 5 * time.Minute
)

// server is an HTTP server with its listener.
type server struct {
	http     httpServer
	listener net.Listener
	done     chan struct{}
}

// httpServer is net/http's, or the one for strangers.
type httpServer interface {
	Serve(l net.Listener) error
	Shutdown(ctx context.Context) error
}

// publicServer bounds everything that a stranger could hold on to.
func publicServer(cfg *Config, handler http.Handler, open *atomic.Int64, logger *slog.Logger) *front.Server {
	return front.New(front.Config{
		MaxHeaderBytes: maxHeaderBytes, MaxBodyBytes: cfg.MaxBodyBytes, ReadTimeout: cfg.ReadTimeout, WriteTimeout: answerTime,
		IdleTimeout: cfg.IdleTimeout, Open: open, Log: masked{logger}.line,
	}, recovered(handler, logger))
}

func adminServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: recovered(handler, logger), ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout,
		WriteTimeout: profileTime, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeaderBytes, ErrorLog: log.New(masked{logger}, "", 0),
	}
}

// listen begins to serve; maxConnections 0 is without bound.
func listen(ctx context.Context, with httpServer, address string, maxConnections int, logger *slog.Logger) (*server, error) {
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
		if err := s.http.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
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
	if closer, ok := s.http.(io.Closer); ok && err != nil {
		err = errors.Join(err, closer.Close())
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
	m.line(string(line))
	return len(line), nil
}

func (m masked) line(text string) {
	m.log.Warn("http server", "message", addresses.ReplaceAllString(text, "client"))
}

// addr is empty before the server listens.
func (s *server) addr() string {
	if s == nil {
		return ""
	}
	return s.listener.Addr().String()
}
