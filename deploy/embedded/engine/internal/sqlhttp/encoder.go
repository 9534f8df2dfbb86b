package sqlhttp

import (
	"compress/zlib"
	"io"
	"net/http"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// encoder writes a body in the encoding that the client wants. Without any byte written, the body
// stays empty, whatever the encoding.
type encoder interface {
	io.WriteCloser
	// Head sends another status than 200, before the body.
	Head(status int)
	// Trailer is where text behind the result goes.
	Trailer() io.Writer
}

// newEncoder chooses the encoding: ClickHouse's own blocks, an HTTP encoding, or none.
func newEncoder(w http.ResponseWriter, r *http.Request, q *query) encoder {
	e := &encoding{w: w}
	if q == nil {
		return e
	}
	if q.truthy("compress") {
		e.open = func() (io.WriteCloser, error) { return newFrames(w, q.settings["network_compression_method"]), nil }
		return e
	}
	if q.settings["enable_http_compression"] != "0" {
		e.name, e.open = negotiate(w, r.Header.Get("Accept-Encoding"))
	}
	return e
}

// encoding opens its compressor at the first byte.
type encoding struct {
	w      http.ResponseWriter
	name   string
	open   func() (io.WriteCloser, error)
	opened io.WriteCloser
	status int
}

func (e *encoding) Trailer() io.Writer {
	if e.name != "" {
		return e
	}
	return e.w
}

func (e *encoding) Head(status int) { e.status = status }

func (e *encoding) Write(p []byte) (int, error) {
	if e.opened == nil {
		if err := e.start(); err != nil {
			return 0, err
		}
	}
	return e.opened.Write(p)
}

func (e *encoding) start() error {
	if e.open == nil {
		e.open = func() (io.WriteCloser, error) { return plain{e.w}, nil }
	}
	if e.name != "" {
		e.w.Header().Set("Content-Encoding", e.name)
		e.w.Header().Del("Content-Length")
	}
	if e.status != 0 {
		e.w.WriteHeader(e.status)
	}
	var err error
	e.opened, err = e.open()
	return err
}

func (e *encoding) Close() error {
	if e.opened == nil {
		if e.status != 0 {
			e.w.WriteHeader(e.status)
		}
		return nil
	}
	return e.opened.Close()
}

// plain is no encoding.
type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// negotiate picks the first encoding of ours that the client names.
func negotiate(w io.Writer, accept string) (string, func() (io.WriteCloser, error)) {
	wanted := map[string]bool{}
	for _, part := range strings.Split(accept, ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		wanted[strings.TrimSpace(name)] = strings.TrimSpace(quality) != "q=0"
	}
	switch {
	case wanted["zstd"]:
		return "zstd", func() (io.WriteCloser, error) {
			return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
		}
	case wanted["lz4"]:
		return "lz4", func() (io.WriteCloser, error) { return lz4.NewWriter(w), nil }
	case wanted["gzip"]:
		return "gzip", func() (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestSpeed) }
	case wanted["br"]:
		return "br", func() (io.WriteCloser, error) { return brotli.NewWriterLevel(w, 3), nil }
	case wanted["deflate"]:
		return "deflate", func() (io.WriteCloser, error) { return zlib.NewWriterLevel(w, zlib.BestSpeed) }
	}
	return "", nil
}

// frames writes ClickHouse's compressed blocks.
type frames struct {
	w io.Writer
	c *compress.Writer
}

func newFrames(w io.Writer, method string) *frames {
	m := compress.LZ4
	switch strings.ToUpper(method) {
	case "ZSTD":
		m = compress.ZSTD
	case "NONE":
		m = compress.None
	}
	return &frames{w: w, c: compress.NewWriter(0, m)}
}

// Write makes a block of p, or several of at most 1 MiB.
func (f *frames) Write(p []byte) (int, error) {
	done := 0
	for len(p) > 0 {
		part := p[:min(len(p), 1<<20)]
		if err := f.c.Compress(part); err != nil {
			return done, err
		}
		if _, err := f.w.Write(f.c.Data); err != nil {
			return done, err
		}
		done, p = done+len(part), p[len(part):]
	}
	return done, nil
}

func (f *frames) Close() error { return nil }
