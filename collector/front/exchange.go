package front

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"
)

// exchange is a request on its way to the handler, and the http.ResponseWriter for its answer.
type exchange struct {
	fast    *fasthttp.RequestCtx
	request http.Request
	url     url.URL
	body    bytes.Reader
	closer  io.ReadCloser // body as a request has it; the handler may put another in its place
	// Values of the request's header, all in one piece of memory, and the slices that the header holds.
	values []string
	answer http.Header
	status int
}

func newExchange() *exchange {
	x := &exchange{
		request: http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header, 8)},
		answer:  make(http.Header, 8),
	}
	x.closer = io.NopCloser(&x.body)
	return x
}

// read fills in the request. Strings are copied: what a handler keeps in a cache stays as it is.
func (x *exchange) read(ctx *fasthttp.RequestCtx) error {
	x.fast = ctx
	r, in := &x.request, &ctx.Request
	r.Method = method(in.Header.Method())
	r.Host = string(in.Header.Host())
	r.RemoteAddr = remote(ctx.Conn())
	if err := x.target(string(in.Header.RequestURI())); err != nil {
		return err
	}
	r.RequestURI = ""
	const none = -2 // -1 is chunked
	if r.ContentLength = int64(in.Header.ContentLength()); r.ContentLength == none {
		r.ContentLength = 0
	}
	x.header(&in.Header)
	x.body.Reset(in.Body())
	r.Body = x.closer
	return nil
}

// target reads the request target.
func (x *exchange) target(target string) error {
	x.request.URL = &x.url
	if path, query, _ := strings.Cut(target, "?"); strings.HasPrefix(path, "/") && !strings.ContainsAny(path, "%") {
		x.url = url.URL{Path: path, RawQuery: query}
		return nil
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return fmt.Errorf("request target: %w", err)
	}
	x.url = *u
	if u.Host != "" {
		x.request.Host = u.Host
	}
	return nil
}

// header copies the request's header.
func (x *exchange) header(in *fasthttp.RequestHeader) {
	size, n := 0, 0
	for _, v := range in.All() {
		size += len(v)
		n++
	}
	var all strings.Builder
	all.Grow(size)
	x.values = x.values[:0]
	if cap(x.values) < n {
		x.values = make([]string, 0, 2*n)
	}
	for k, v := range in.All() {
		from := all.Len()
		all.Write(v)
		name := word(k)
		if name == "Host" {
			continue // as net/http has it
		}
		x.values = append(x.values, all.String()[from:])
		last := x.values[len(x.values)-1 : len(x.values) : len(x.values)]
		if before := x.request.Header[name]; before != nil {
			last = append(before, last...)
		}
		x.request.Header[name] = last
	}
}

// Header implements http.ResponseWriter.
func (x *exchange) Header() http.Header { return x.answer }

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= http.StatusOK {
		x.status = status
	}
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(p []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	x.fast.Response.AppendBody(p)
	return len(p), nil
}

// finish hands the answer over.
func (x *exchange) finish() {
	x.WriteHeader(http.StatusOK)
	out := &x.fast.Response
	out.SetStatusCode(x.status)
	for name, values := range x.answer {
		for _, v := range values {
			out.Header.Add(name, v)
		}
	}
	if x.answer.Get("Connection") == "close" {
		x.fast.SetConnectionClose()
	}
}

func (x *exchange) reset() {
	clear(x.request.Header)
	clear(x.answer)
	clear(x.values)
	x.body.Reset(nil)
	x.fast, x.status = nil, 0
	x.request.Host, x.request.RemoteAddr = "", ""
	x.url = url.URL{}
}

// method spares an allocation for the usual ones.
func method(m []byte) string {
	switch string(m) {
	case http.MethodPost:
		return http.MethodPost
	case http.MethodGet:
		return http.MethodGet
	case http.MethodOptions:
		return http.MethodOptions
	}
	return string(m)
}

// words are header names as they come most often, and as fasthttp spells them.
var words = func() map[string]string {
	m := map[string]string{}
	for _, w := range []string{
		"Host", "User-Agent", "Content-Type", "Content-Length", "Content-Encoding", "Accept", "Accept-Encoding", "Accept-Language",
		"Authorization", "Origin", "Referer", "Connection", "X-Write-Key", "X-Forwarded-For", "X-Forwarded-Proto", "X-Request-Id",
		"Traceparent", "Tracestate", "Cookie", "Cache-Control", "Transfer-Encoding", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest",
	} {
		m[w] = w
	}
	return m
}()

func word(name []byte) string {
	if w, ok := words[string(name)]; ok {
		return w
	}
	return http.CanonicalHeaderKey(string(name))
}

// named gives connections that know their peer's address as text.
type named struct{ net.Listener }

type conn struct {
	net.Conn
	remote string
}

// Accept implements net.Listener.
func (l named) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{c, c.RemoteAddr().String()}, nil
}

func remote(c net.Conn) string {
	if c, ok := c.(*conn); ok {
		return c.remote
	}
	return c.RemoteAddr().String()
}

type logger func(line string)

// Printf implements fasthttp.Logger. Addresses and parts of requests are left out: what is said of an error is what the system says.
func (l logger) Printf(format string, args ...any) {
	shown := make([]any, len(args))
	for i, arg := range args {
		switch arg := arg.(type) {
		case int:
			shown[i] = arg
		case error:
			shown[i] = systemError(arg)
		default:
			shown[i] = "…"
		}
	}
	l(fmt.Sprintf(format, shown...))
}

// systemError is the part of an error that holds nothing of a request: what a call of the system was answered, else its kind.
func systemError(err error) string {
	var call *net.OpError
	if errors.As(err, &call) {
		return call.Op + ": " + call.Err.Error()
	}
	return fmt.Sprintf("%T", err)
}
