// Package front takes HTTP/1.1 connections and gives their requests to an http.Handler, and its answers back. It does what
// net/http's server does at about half the cost for small requests: connections are read by fasthttp, and requests,
// headers and answers live in memory that is used again. A handler must not keep a request, its header or its body.
package front

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Config bounds what a stranger could hold on to.
type Config struct {
	// MaxHeaderBytes of a request line with its header; each connection has a buffer of that size.
	MaxHeaderBytes int
	// MaxBodyBytes of a request. One that has more comes to the handler without its body and with a greater length, for it
	// to refuse.
	MaxBodyBytes int
	// ReadTimeout is for one whole request, WriteTimeout for one answer, IdleTimeout between requests.
	ReadTimeout, WriteTimeout, IdleTimeout time.Duration
	// Open counts the open connections.
	Open *atomic.Int64
	// Log takes a line of what goes wrong with connections. It holds nothing of what clients sent.
	Log func(line string)
}

// Server serves one handler.
type Server struct {
	fast    *fasthttp.Server
	handler http.Handler
	pool    sync.Pool
}

// New makes a server.
func New(cfg Config, handler http.Handler) *Server {
	s := &Server{handler: handler, pool: sync.Pool{New: func() any { return newExchange() }}}
	s.fast = &fasthttp.Server{
		Handler: s.serve, ErrorHandler: s.unreadable, ConnState: counted(cfg.Open), Logger: logger(cfg.Log),
		ReadBufferSize: cfg.MaxHeaderBytes, MaxRequestBodySize: cfg.MaxBodyBytes,
		ReadTimeout: cfg.ReadTimeout, WriteTimeout: cfg.WriteTimeout, IdleTimeout: cfg.IdleTimeout,
		NoDefaultServerHeader: true, NoDefaultContentType: true, DisablePreParseMultipartForm: true, CloseOnShutdown: true,
	}
	return s
}

// Serve accepts connections until Shutdown.
func (s *Server) Serve(l net.Listener) error { return s.fast.Serve(named{l}) }

// Shutdown accepts no more and waits for the requests in work, until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.fast.ShutdownWithContext(ctx) }

// serve is one request.
func (s *Server) serve(ctx *fasthttp.RequestCtx) { s.handle(ctx, 0) }

// handle gives a request to the handler; excess is its length where the body was too large to be read.
func (s *Server) handle(ctx *fasthttp.RequestCtx, excess int64) {
	x := s.pool.Get().(*exchange)
	defer func() {
		if p := recover(); p != nil { // http.ErrAbortHandler: the handler's own way to cut a client off
			ctx.SetConnectionClose()
			ctx.SetStatusCode(http.StatusInternalServerError)
		}
		x.reset()
		s.pool.Put(x)
	}()
	if !spoken(ctx) {
		return
	}
	if err := x.read(ctx); err != nil {
		refuse(ctx, http.StatusBadRequest, "bad_request", "the request target cannot be read")
		return
	}
	if excess > 0 {
		x.request.ContentLength = excess
	}
	s.handler.ServeHTTP(x, &x.request)
	x.finish()
}

// spoken refuses what fasthttp lets pass: versions that there are not, and HTTP/1.1 without a host.
func spoken(ctx *fasthttp.RequestCtx) bool {
	head := &ctx.Request.Header
	switch string(head.Protocol()) {
	case "HTTP/1.1":
		if n := hosts(head.RawHeaders()); n != 1 {
			refuse(ctx, http.StatusBadRequest, "bad_request", "the request has to name one host")
			return false
		}
	case "HTTP/1.0":
	default:
		refuse(ctx, http.StatusHTTPVersionNotSupported, "bad_request", "this server speaks HTTP/1.1")
		return false
	}
	return true
}

// hosts counts the host lines of a header. fasthttp keeps the last one, and a proxy before us may have believed another.
func hosts(header []byte) (n int) {
	const name = "host:"
	for line := range bytes.Lines(header) {
		if len(line) >= len(name) && bytes.EqualFold(line[:len(name)], []byte(name)) {
			n++
		}
	}
	return n
}

// unreadable answers what is no request.
func (s *Server) unreadable(ctx *fasthttp.RequestCtx, err error) {
	var small *fasthttp.ErrSmallBuffer
	var timeout net.Error
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge) && len(ctx.Request.Header.Host()) == 0: // in chunks: the request is gone
		refuse(ctx, http.StatusRequestEntityTooLarge, "too_large", "the body is too large")
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		ctx.Request.ResetBody()
		s.handle(ctx, int64(s.fast.MaxRequestBodySize)+1)
		ctx.SetConnectionClose()
	case errors.As(err, &small):
		refuse(ctx, http.StatusRequestHeaderFieldsTooLarge, "too_large", "the header is too large")
	case errors.As(err, &timeout) && timeout.Timeout():
		refuse(ctx, http.StatusRequestTimeout, "timeout", "the request did not come in time")
	case errors.Is(err, io.ErrUnexpectedEOF):
		refuse(ctx, http.StatusBadRequest, "bad_request", "the request is cut off")
	default:
		refuse(ctx, http.StatusBadRequest, "bad_request", "this is no HTTP/1.1 request")
	}
}

func refuse(ctx *fasthttp.RequestCtx, status int, reason, detail string) {
	ctx.SetConnectionClose()
	ctx.Error(`{"error":{"reason":"`+reason+`","detail":"`+detail+`"}}`+"\n", status)
	ctx.SetContentType("application/json")
}

// counted keeps the number of open connections.
func counted(open *atomic.Int64) func(net.Conn, fasthttp.ConnState) {
	return func(_ net.Conn, state fasthttp.ConnState) {
		switch state {
		case fasthttp.StateNew:
			open.Add(1)
		case fasthttp.StateClosed, fasthttp.StateHijacked:
			open.Add(-1)
		}
	}
}
