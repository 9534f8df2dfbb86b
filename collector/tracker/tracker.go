// Package tracker takes requests for the browser script and gives it: compressed as the browser likes it, kept by the browser
// for an hour, and not sent again to one that has it. What the script posts goes the way of every touchpoint.
package tracker

import (
	"bytes"
	_ "embed"
	"fmt"
	"hash/crc64"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

//go:embed throughline.js
var source []byte

// Script is the browser script in each of its encodings, ready to be sent.
type Script struct {
	plain, gzip, brotli []byte
	etag                string
}

// New compresses the script.
func New() (*Script, error) {
	s := &Script{plain: source, etag: fmt.Sprintf(`W/"%016x"`, crc64.Checksum(source, crc64.MakeTable(crc64.ECMA)))}
	var small, smaller bytes.Buffer
	zip, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("browser script: %w", err)
	}
	br := brotli.NewWriterLevel(&smaller, brotli.BestCompression)
	for _, w := range []io.WriteCloser{zip, br} {
		if _, err := w.Write(source); err != nil {
			return nil, fmt.Errorf("browser script: %w", err)
		}
		if err := w.Close(); err != nil {
			return nil, fmt.Errorf("browser script: %w", err)
		}
	}
	s.gzip, s.brotli = small.Bytes(), smaller.Bytes()
	return s, nil
}

// Serve answers GET and HEAD, and gives the status and an error of writing.
func (s *Script) Serve(w http.ResponseWriter, r *http.Request) (status int, err error) {
	header := w.Header()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("Cache-Control", "public, max-age=3600, stale-while-revalidate=86400")
	header.Set("Etag", s.etag)
	header.Set("Vary", "Accept-Encoding")
	header.Set("X-Content-Type-Options", "nosniff")
	// Any page may load it, one that asks for CORS or isolates itself too: there is nothing secret in it.
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if strings.Contains(r.Header.Get("If-None-Match"), s.etag) {
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified, nil
	}
	body := s.plain
	switch accepted := r.Header.Get("Accept-Encoding"); {
	case accepts(accepted, "br"):
		header.Set("Content-Encoding", "br")
		body = s.brotli
	case accepts(accepted, "gzip"):
		header.Set("Content-Encoding", "gzip")
		body = s.gzip
	}
	_, err = w.Write(body)
	return http.StatusOK, err
}

// accepts tells whether a list of encodings has one, and does not rule it out.
func accepts(list, encoding string) bool {
	for one := range strings.SplitSeq(list, ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(one, " ", ""), ";")
		if strings.EqualFold(name, encoding) {
			return strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != "" || weight == ""
		}
	}
	return false
}
