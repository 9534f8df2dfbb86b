package e2e

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// compressor gives a writer for a Content-Encoding.
func compressor(encoding string, w io.Writer) (io.WriteCloser, error) {
	switch encoding {
	case "gzip":
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case "br":
		return brotli.NewWriterLevel(w, 1), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	case "bare deflate":
		return flate.NewWriter(w, flate.BestSpeed)
	case "deflate":
		return zlib.NewWriterLevel(w, zlib.BestSpeed)
	}
	return nil, fmt.Errorf("no such encoding: %s", encoding)
}

func compress(t *testing.T, encoding string, body []byte) *bytes.Buffer {
	if encoding == "" {
		return bytes.NewBuffer(body)
	}
	var out bytes.Buffer
	w, err := compressor(encoding, &out)
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Error(err)
	}
	return &out
}

// bomb is 128 MB of white space after the beginning of an array, or as much as can be sent, compressed.
func bomb(t *testing.T, encoding string) []byte {
	var out bytes.Buffer
	w, err := compressor(encoding, &out)
	if err != nil {
		t.Error(err)
		return nil
	}
	block := bytes.Repeat([]byte(" "), 1<<20)
	block[0] = '['
	for n := 0; n < 128 && out.Len() < 1<<20-1<<14; n++ {
		if _, err := w.Write(block); err != nil {
			t.Error(err)
		}
		block[0] = ' '
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	return out.Bytes()
}

// oddBody is a body that must be refused as a whole, with a status and a reason.
type oddBody struct {
	name, encoding string
	body           []byte
	status         int
	reason         string
}

func oddBodies(t *testing.T) []oddBody {
	big := func(piece string) []byte { return []byte(strings.Repeat(piece, 1<<20/len(piece)-2)) }
	whole := goodEvent("never")
	list := []oddBody{
		{"open brackets", "", big("["), 400, "not_json"},
		{"open objects", "", big(`{"a":`), 200, "too_large"},
		{"quotes", "", big(`"`), 400, "not_json"},
		{"lines of open objects", "", big("\n{"), 413, "too_many_events"},
		{"commas", "", append([]byte("["), big("0,")...), 413, "too_many_events"},
		{"a huge key", "", fmt.Appendf(nil, `{"%s":1}`, big("k")[:1<<19]), 200, "too_large"},
		{"backslashes", "", append([]byte(`{"`), big(`\`)...), 200, "too_large"},
		{"nothing", "", nil, 400, "empty"},
		{"zeros", "", make([]byte, 1000), 400, "not_json"},
		{"wrong encoding", "gzip", whole, 400, "encoding"},
		{"strange encoding", "compress", whole, 415, "encoding"},
		{"gzip twice", "gzip", compress(t, "gzip", compress(t, "gzip", whole).Bytes()).Bytes(), 400, "not_json"},
		{"zstd with a lie", "zstd", []byte("\x28\xb5\x2f\xfd\xe0\xff\xff\xff\xff\xff\xff\xff\x7f"), 413, "too_large"},
		{"zstd with a huge window", "zstd", []byte("\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00"), 413, "too_large"},
	}
	for _, encoding := range []string{"gzip", "br", "zstd", "deflate", "bare deflate"} {
		name, _ := strings.CutPrefix(encoding, "bare ")
		packed := compress(t, encoding, whole).Bytes()
		list = append(list,
			oddBody{"bomb in " + encoding, name, bomb(t, encoding), 413, "too_large"},
			oddBody{"cut " + encoding, name, packed[:len(packed)/2], 400, "truncated"},
			oddBody{"no " + encoding, name, nil, 400, ""},
		)
	}
	return list
}

// postBodies posts bodies that are wrong as a whole, each several times at once.
func postBodies(t *testing.T, l *ledger, random *rand.Rand) {
	list := oddBodies(t)
	var work sync.WaitGroup
	for _, n := range random.Perm(4 * len(list)) {
		work.Go(func() { l.postOdd(t, list[n%len(list)]) })
	}
	work.Wait()
}

func (l *ledger) postOdd(t *testing.T, odd oddBody) {
	headers := []string{"Content-Type", "application/json"}
	if odd.encoding != "" {
		headers = append(headers, "Content-Encoding", odd.encoding)
	}
	v, ok := l.send(t, "/v1/touchpoints", "local", bytes.NewReader(odd.body), headers...)
	if !ok {
		return
	}
	reason := v.Error.Reason
	if v.Status == http.StatusOK && len(v.Results) == 1 {
		reason = v.Results[0].Reason
	}
	if v.Status != odd.status || odd.reason != "" && reason != odd.reason {
		t.Errorf("%s: status %d, reason %s, want %d %s: %+v", odd.name, v.Status, reason, odd.status, odd.reason, v)
	}
	if reason == "not_json" || v.Status == http.StatusOK {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.mu.strangers++
	}
}
