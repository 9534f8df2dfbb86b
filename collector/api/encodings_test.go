package api

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

var writers = []struct {
	name, encoding string
	open           func(io.Writer) (io.WriteCloser, error)
}{
	{"gzip", "gzip", func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }},
	{"x-gzip", "X-GZIP", func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }},
	{"br", "br", func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriter(w), nil }},
	{"br best", "br", func(w io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterLevel(w, brotli.BestCompression), nil
	}},
	{"zstd", "zstd", func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }},
	{"zstd wide window", "zstd", func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithWindowSize(zstdWindow), zstd.WithSingleSegment(false))
	}},
	{"zlib", "deflate", func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil }},
	{"bare deflate", "deflate", func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 6) }},
}

func compress(t testing.TB, body string, open func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := open(&b)
	if err == nil {
		// In two parts, so that no writer knows the size beforehand.
		_, err = io.WriteString(w, body[:len(body)/2])
	}
	if err == nil {
		_, err = io.WriteString(w, body[len(body)/2:])
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEncodings(t *testing.T) {
	b := newBench(t, nil)
	blank := strings.Repeat(" ", 3<<20)
	for _, tt := range writers {
		good := compress(t, events(200), tt.open)
		cases := []struct {
			name   string
			body   []byte
			status int
		}{
			{"good", good, 200},
			{"cut", good[:len(good)-5], 400},
			{"bomb", compress(t, "["+blank+"]", tt.open), 413},
			{"exactly the limit", compress(t, "["+blank[:1<<20-2]+"]", tt.open), 200},
		}
		for round := range 2 { // pooled decoders start anew
			for _, c := range cases {
				if a := b.do(t, request(string(c.body), "Content-Encoding", tt.encoding)); a.status != c.status {
					t.Errorf("%s, %s of %d bytes, round %d: %d %.200s", tt.name, c.name, len(c.body), round, a.status, a.text)
				}
			}
		}
	}
	if n := len(b.sink.rejected); n != 0 {
		t.Errorf("%d compressed bodies kept", n)
	}
}

func TestBadLineKeepsInflatedBody(t *testing.T) {
	b := newBench(t, nil)
	body := compress(t, "[{}", writers[0].open)
	if a := b.do(t, request(string(body), "Content-Encoding", "gzip")); a.status != 400 {
		t.Fatal(a.text)
	}
	if got := string(b.sink.rejected[0].Raw); got != "[{}" {
		t.Errorf("kept %q", got)
	}
}

func FuzzInflate(f *testing.F) {
	for _, tt := range writers {
		f.Add(tt.encoding, compress(f, events(3), tt.open))
	}
	inflater, err := newInflater(1 << 16)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, encoding string, body []byte) {
		out, refused := inflater.inflate(encoding, body, nil)
		if refused == nil && len(out) > 1<<16 {
			t.Errorf("%d bytes came out", len(out))
		}
		if refused != nil && refused.status != 400 && refused.status != 413 && refused.status != 415 {
			t.Errorf("status %d", refused.status)
		}
	})
}
