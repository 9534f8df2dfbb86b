package front

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const limit = 1000

// echo says what it was asked.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > limit {
		w.Header().Set("X-Refused", "yes")
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	if r.URL.Path == "/panic" {
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header()["X-Two"] = []string{"a", "b"}
	if r.URL.Query().Has("created") {
		w.WriteHeader(http.StatusCreated)
	}
	fmt.Fprintf(w, "%s %s ?%s host=%s length=%d body=%q\n", r.Method, r.URL.Path, r.URL.RawQuery, r.Host, r.ContentLength, body)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(w, "%s=%q\n", name, r.Header[name])
	}
})

func start(t *testing.T) (addr string, open *atomic.Int64) {
	t.Helper()
	open = new(atomic.Int64)
	s := New(Config{
		MaxHeaderBytes: 4096, MaxBodyBytes: limit, ReadTimeout: time.Second, WriteTimeout: time.Second, IdleTimeout: time.Second,
		Open: open, Log: func(line string) { t.Log(line) },
	}, echo)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), open
}

// TestAnswersAsNetHTTP: the same requests to both servers, twice on one connection, give the same answers.
func TestAnswersAsNetHTTP(t *testing.T) {
	addr, _ := start(t)
	reference := httptest.NewServer(echo)
	defer reference.Close()
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
		"GET /a/../b//c?x=1&y=%20 HTTP/1.1\r\nHost: a.example\r\nuser-agent: Some Browser\r\nX-Odd-name: 1\r\n\r\n",
		"GET /sp%20ace%2Fslash?created HTTP/1.1\r\nHost: a.example\r\n\r\n",
		"GET http://other.example/absolute?q HTTP/1.1\r\nHost: a.example\r\n\r\n",
		"POST /p HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
		"POST /p HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\nAccept: x\r\nAccept: y\r\n\r\n",
		"POST /p HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		"OPTIONS /p HTTP/1.1\r\nHost: a.example\r\nOrigin: https://a.example\r\n\r\n",
		"DELETE /p HTTP/1.1\r\nHost: a.example\r\n\r\n",
		"HEAD /p HTTP/1.1\r\nHost: a.example\r\n\r\n",
	} {
		want := ask(t, reference.Listener.Addr().String(), request)
		if got := ask(t, addr, request); got != want {
			t.Errorf("%q:\n%s\nnet/http:\n%s", request, got, want)
		}
	}
}

// ask sends a request twice on one connection and gives the second answer, but for its date.
func ask(t *testing.T, addr, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	var text string
	for range 2 {
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		method, _, _ := strings.Cut(request, " ")
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%q: %v", request, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Header.Del("Date")
		text = fmt.Sprintf("%s close=%v %q\n%s", resp.Status, resp.Close, slices.Sorted(maps.Keys(resp.Header)), body)
		// net/http leaves these out of the request's header, or puts them in from elsewhere.
		text = strings.ReplaceAll(text, "Content-Length=[\"0\"]\n", "")
		text = strings.ReplaceAll(text, "Transfer-Encoding=[\"chunked\"]\n", "")
	}
	return text
}

// TestRefusesWhatIsNoRequest: each ends with a status and a closed connection.
func TestRefusesWhatIsNoRequest(t *testing.T) {
	addr, open := start(t)
	for name, tt := range map[string]struct {
		request string
		status  int
	}{
		"noise":              {"\x16\x03\x01 nothing\r\n\r\n", http.StatusBadRequest},
		"no version":         {"GET /\r\n\r\n", http.StatusBadRequest},
		"no such version":    {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", http.StatusHTTPVersionNotSupported},
		"two hosts":          {"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", http.StatusBadRequest},
		"no host":            {"GET / HTTP/1.1\r\n\r\n", http.StatusBadRequest},
		"header too large":   {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 8192) + "\r\n\r\n", http.StatusRequestHeaderFieldsTooLarge},
		"two lengths":        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", http.StatusBadRequest},
		"bad chunk":          {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", http.StatusBadRequest},
		"bad escape":         {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", http.StatusBadRequest},
		"length too large":   {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" + strings.Repeat("x", 1001), http.StatusRequestEntityTooLarge},
		"chunks too large":   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + strings.Repeat("x", 1001) + "\r\n0\r\n\r\n", http.StatusRequestEntityTooLarge},
		"slow":               {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc", http.StatusRequestTimeout},
		"slow in its header": {"POST / HTTP/1.1\r\nHost: a\r\nCont", http.StatusRequestTimeout},
	} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, tt.request) // the server may have seen enough before the end
		r := bufio.NewReader(c)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if resp.StatusCode != tt.status {
			t.Errorf("%s: status %d, want %d", name, resp.StatusCode, tt.status)
		}
		if name == "length too large" && resp.Header.Get("X-Refused") == "" {
			t.Errorf("%s: not refused by the handler", name)
		}
		_, _ = io.ReadAll(resp.Body)
		if _, err := r.ReadByte(); err == nil {
			t.Errorf("%s: the connection stays", name)
		}
		c.Close()
	}
	for range 200 {
		if open.Load() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d connections count as open", open.Load())
}

func TestAbortedHandlerEndsItsConnectionOnly(t *testing.T) {
	addr, _ := start(t)
	for _, path := range []string{"/panic", "/"} {
		resp, err := http.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if wrong := resp.StatusCode == http.StatusOK; wrong != (path == "/") {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

// TestLogHoldsNothingOfRequests: the reason is named where the system gave it, and who asked for what is not.
func TestLogHoldsNothingOfRequests(t *testing.T) {
	client := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 1234}
	for _, tt := range []struct {
		format string
		args   []any
		want   string
	}{
		{"serving %q<->%q: %v", []any{client, client, &net.OpError{Op: "read", Addr: client, Err: net.ErrClosed}}, `serving "…"<->"…": read: use of closed network connection`},
		{"%v", []any{fmt.Errorf("header: %w", &net.OpError{Op: "write", Err: syscall.ENOBUFS})}, "write: no buffer space available"},
		{"%v", []any{errors.New(`no colon in "secret"`)}, "*errors.errorString"},
		{"%d connections from %s", []any{7, "192.0.2.7"}, "7 connections from …"},
	} {
		var got string
		logger(func(line string) { got = line }).Printf(tt.format, tt.args...)
		if got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

// BenchmarkRequest is a small post on one connection, against net/http.
func BenchmarkRequest(b *testing.B) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header()["Content-Type"] = []string{"application/json"}
		_, _ = w.Write([]byte(`{"accepted":1}`))
	})
	s := New(Config{MaxHeaderBytes: 8192, MaxBodyBytes: 1 << 20, ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: time.Minute,
		Open: new(atomic.Int64), Log: func(string) {}}, handler)
	for name, serve := range map[string]func(net.Listener) error{"front": s.Serve, "net-http": (&http.Server{Handler: handler}).Serve} {
		b.Run(name, func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			go serve(l)
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			request := []byte("POST /v1/touchpoints HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer local\r\nUser-Agent: Some Browser\r\n" +
				"Content-Type: application/json\r\nContent-Length: 300\r\n\r\n" + strings.Repeat("x", 300))
			answer := make([]byte, 4096)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(request); err != nil {
					b.Fatal(err)
				}
				if _, err := c.Read(answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
