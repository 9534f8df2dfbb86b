package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// inflater undoes Content-Encoding with pooled decoders. Its slots bound how many bodies inflate at once, because a
// decoder may hold a window of some megabytes; the work is on the processor anyway, so nobody waits for nothing.
type inflater struct {
	limit int
	slots chan struct{}
	zstd  *zstd.Decoder

	gzip, zlib, flate, brotli sync.Pool
}

// zstdWindow is the window that zstd's own levels up to 19 ask for, however small the body; the decoder holds the bound
// of its output to the same figure, so that the limit is checked after it.
const zstdWindow = 8 << 20

func newInflater(limit int) (*inflater, error) {
	width := 2 * runtime.GOMAXPROCS(0)
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(width),
		zstd.WithDecoderMaxMemory(uint64(max(limit, zstdWindow))), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, fmt.Errorf("zstd decoder: %w", err)
	}
	return &inflater{limit: limit, slots: make(chan struct{}, width), zstd: decoder}, nil
}

// resetter is a pooled decoder that may start anew.
type resetter interface {
	io.Reader
	reset(io.Reader) error
}

type gzipReader struct{ *gzip.Reader }

func (r gzipReader) reset(in io.Reader) error { return r.Reset(in) }

type zlibReader struct{ io.ReadCloser }

func (r zlibReader) reset(in io.Reader) error { return r.ReadCloser.(zlib.Resetter).Reset(in, nil) }

type flateReader struct{ io.ReadCloser }

func (r flateReader) reset(in io.Reader) error { return r.ReadCloser.(flate.Resetter).Reset(in, nil) }

type brotliReader struct{ *brotli.Reader }

func (r brotliReader) reset(in io.Reader) error { return r.Reset(in) }

var errTooLarge = errors.New("too large after inflation")

// inflate appends what body holds to into, up to the limit.
func (f *inflater) inflate(encoding string, body, into []byte) ([]byte, *refusal) {
	f.slots <- struct{}{}
	defer func() { <-f.slots }()
	out, err := f.decode(encoding, body, into)
	var unsupported *refusal
	switch {
	case err == nil:
		return out, nil
	case errors.As(err, &unsupported):
		return into, unsupported
	case errors.Is(err, errTooLarge):
		return into, tooLarge(fmt.Sprintf("the body is larger than %d bytes after inflation: split it", f.limit))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return into, &refusal{status: http.StatusBadRequest, reason: reasonTruncated, detail: "the compressed body ends too early"}
	}
	return into, &refusal{status: http.StatusBadRequest, reason: reasonEncoding,
		detail: "the body is not what Content-Encoding says: " + strings.ToValidUTF8(err.Error(), "\uFFFD")}
}

func (f *inflater) decode(encoding string, body, into []byte) ([]byte, error) {
	switch strings.ToLower(encoding) {
	case "gzip", "x-gzip":
		return f.stream(&f.gzip, body, into, func(in io.Reader) (resetter, error) {
			r, err := gzip.NewReader(in)
			return gzipReader{r}, err
		})
	case "deflate":
		return f.deflate(body, into)
	case "br":
		return f.stream(&f.brotli, body, into, func(in io.Reader) (resetter, error) {
			return brotliReader{brotli.NewReader(in)}, nil
		})
	case "zstd":
		out, err := f.zstd.DecodeAll(body, into)
		if len(out) > f.limit || errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
			err = errTooLarge
		}
		return out, err
	}
	return nil, &refusal{status: http.StatusUnsupportedMediaType, reason: reasonEncoding,
		detail: "this Content-Encoding is not known: use gzip, br, zstd, deflate or none"}
}

// deflate takes zlib, which the standard means, and bare deflate, which many clients send.
func (f *inflater) deflate(body, into []byte) ([]byte, error) {
	if len(body) >= 2 && body[0]&0x0f == 8 && (uint(body[0])<<8|uint(body[1]))%31 == 0 {
		return f.stream(&f.zlib, body, into, func(in io.Reader) (resetter, error) {
			r, err := zlib.NewReader(in)
			return zlibReader{r}, err
		})
	}
	return f.stream(&f.flate, body, into, func(in io.Reader) (resetter, error) {
		return flateReader{flate.NewReader(in)}, nil
	})
}

func (f *inflater) stream(pool *sync.Pool, body, into []byte, fresh func(io.Reader) (resetter, error)) ([]byte, error) {
	in := bytes.NewReader(body)
	r, _ := pool.Get().(resetter)
	var err error
	if r == nil {
		r, err = fresh(in)
	} else {
		err = r.reset(in)
	}
	if err != nil {
		return into, err
	}
	defer pool.Put(r)
	return appendAll(into, r, f.limit)
}

// appendAll reads to the end, growing the buffer with what arrives; more than limit bytes are errTooLarge.
func appendAll(into []byte, r io.Reader, limit int) ([]byte, error) {
	for {
		if len(into) == cap(into) {
			into = append(into, 0)[:len(into)]
		}
		n, err := r.Read(into[len(into):min(cap(into), limit+1)])
		into = into[:len(into)+n]
		switch {
		case len(into) > limit:
			return into, errTooLarge
		case err == io.EOF:
			return into, nil
		case err != nil:
			return into, err
		}
	}
}
