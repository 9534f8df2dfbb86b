package tracker

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// serve asks for the script with headers in pairs.
func serve(t *testing.T, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	if status, err := s.Serve(w, r); status != w.Code || err != nil {
		t.Fatalf("status %d, sent %d, %v", status, w.Code, err)
	}
	return w
}

func TestEncodings(t *testing.T) {
	for accepted, want := range map[string]string{
		"": "", "identity": "", "gzip": "gzip", "gzip, deflate, br, zstd": "br", "br;q=0, gzip;q=0.5": "gzip", "BR; q=1.0": "br", "gzip;q=0.0": "",
	} {
		w := serve(t, "Accept-Encoding", accepted)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("accepted %q: answered %q, want %q", accepted, got, want)
		}
		body := io.Reader(w.Body)
		switch want {
		case "br":
			body = brotli.NewReader(body)
		case "gzip":
			var err error
			if body, err = gzip.NewReader(body); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := io.ReadAll(body); err != nil || !bytes.Equal(text, source) {
			t.Errorf("accepted %q: %d bytes, %v", accepted, len(text), err)
		}
	}
}

func TestNotSentAgain(t *testing.T) {
	etag := serve(t).Header().Get("Etag")
	for _, known := range []string{etag, `W/"0", ` + etag} {
		if w := serve(t, "If-None-Match", known); w.Code != http.StatusNotModified || w.Body.Len() > 0 || w.Header().Get("Etag") != etag {
			t.Errorf("If-None-Match %s: %d with %d bytes", known, w.Code, w.Body.Len())
		}
	}
	if w := serve(t, "If-None-Match", `W/"0"`); w.Code != http.StatusOK || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("another version: %d %v", w.Code, w.Header())
	}
}

// TestSmall holds the script to a size that a page does not feel.
func TestSmall(t *testing.T) {
	if w := serve(t, "Accept-Encoding", "br"); w.Body.Len() > 3500 {
		t.Errorf("%d bytes", w.Body.Len())
	}
}
