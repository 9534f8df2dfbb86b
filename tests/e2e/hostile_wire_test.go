package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

// patience is the longest that a connection may be held by a client that does not go on.
const patience = 15 * time.Second

// talk sends bytes and gives what comes back until the other side closes, or it is silent for a while.
func talk(addr string, data []byte, hangUp bool) (string, error) {
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	// The other side may have closed before it has read everything: what it answered is still of interest.
	_, _ = c.Write(data)
	if hangUp {
		if err := c.(*net.TCPConn).CloseWrite(); err != nil && !isGone(err) {
			return "", err
		}
	}
	answer, err := io.ReadAll(c)
	if err != nil && !isGone(err) {
		return string(answer), fmt.Errorf("the connection was not closed: %w", err)
	}
	return string(answer), nil
}

func isGone(err error) bool {
	for _, gone := range []string{"reset by peer", "broken pipe", "not connected"} {
		if strings.Contains(err.Error(), gone) {
			return true
		}
	}
	return false
}

const head = "POST /v1/touchpoints HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer local\r\nContent-Type: application/json\r\n"

// rawRequests must each be refused: the first line of the answer begins with one of the statuses, or there is none.
var rawRequests = []struct {
	name, data string
	status     string
}{
	{"length and chunks", head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", "400"},
	{"two lengths", head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n{\"a\":1}", "400"},
	{"negative length", head + "Content-Length: -1\r\n\r\n{}", "400"},
	{"length with a sign", head + "Content-Length: +2\r\n\r\n{}", "400"},
	{"length beyond numbers", head + "Content-Length: 99999999999999999999\r\n\r\n{}", "400"},
	{"claims much", head + "Content-Length: 9223372036854775807\r\n\r\n{}", "413"},
	{"two encodings", head + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "501 400"},
	{"encoding with a tab", head + "Transfer-Encoding:\tchunked\x0b\r\n\r\n0\r\n\r\n", "501 400"},
	{"chunk without a number", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "400"},
	{"chunk of 2^64", head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n", "400"},
	{"chunk that lies", head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}{}{}\r\n0\r\n\r\n", "400"},
	{"chunk with a long extension", strings.Replace(head, "Bearer local", "Bearer nobody", 1) + "Transfer-Encoding: chunked\r\n\r\n2;" + strings.Repeat("x", 1<<16) + "\r\n{}\r\n0\r\n\r\n", "400 401"},
	{"folded header", head + "X-A: b\r\n  Content-Length: 2\r\n\r\n{}", "400"},
	{"space before the colon", head + "Content-Length : 2\r\n\r\n{}", "400"},
	{"no host", "POST /v1/touchpoints HTTP/1.1\r\n\r\n", "400"},
	{"two hosts", "POST /v1/touchpoints HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
	{"zero in a header", head + "X-A: a\x00b\r\n\r\n", "400"},
	{"large header", head + "X-A: " + strings.Repeat("a", 1<<17) + "\r\n\r\n", "431"},
	{"many headers", head + strings.Repeat("X-A: b\r\n", 1<<14) + "\r\n", "431"},
	{"large address", "GET /" + strings.Repeat("a", 1<<17) + " HTTP/1.1\r\nHost: x\r\n\r\n", "431"},
	{"no such version", "POST /v1/touchpoints HTTP/9.9\r\nHost: x\r\n\r\n", "505"},
	{"HTTP/2 at once", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 400 404"},
	{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 200), "400"},
	{"CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404 400"},
	{"another host's address", "GET http://169.254.169.254/latest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"},
	{"upward path", "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"},
	{"broken escape", "GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "400"},
	{"wrong method", "DELETE /v1/touchpoints HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "405"},
	{"no such method", "{} /v1/touchpoints HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "400"},
	{"wrong key", strings.Replace(head, "Bearer local", "Bearer \xff\"'; DROP", 1) + "Content-Length: 2\r\nConnection: close\r\n\r\n{}", "401"},
	{"long key", strings.Replace(head, "local", strings.Repeat("k", 10_000), 1) + "Content-Length: 2\r\nConnection: close\r\n\r\n{}", "401"},
	{"import key", strings.Replace(head, "local", "local-import", 1) + "Content-Length: 2\r\nConnection: close\r\n\r\n{}", "401"},
	{"foreign body", strings.Replace(head, "application/json", "application/xml", 1) + "Content-Length: 2\r\nConnection: close\r\n\r\n{}", "415"},
	{"body that ends early", head + "Content-Length: 100\r\n\r\n{\"event\":", "400"},
	{"chunks that end early", head + "Transfer-Encoding: chunked\r\n\r\nff\r\n{\"event\":", "400"},
	{"Redis", "*1\r\n$4\r\nPING\r\n", "400"},
	{"MySQL", "\x4a\x00\x00\x00\x0a8.0.36\x00", "400"},
	{"line breaks", strings.Repeat("\r\n", 1000), ""},
	{"nothing", "", ""},
}

// postGarbage talks to the public port in what is not, or hardly, HTTP.
func postGarbage(t *testing.T, l *ledger, random *rand.Rand) {
	var work sync.WaitGroup
	for _, one := range rawRequests {
		work.Go(func() {
			answer, err := talk(l.pipeline.HTTP, []byte(one.data), true)
			status, _, _ := strings.Cut(strings.TrimPrefix(answer, "HTTP/1.1 "), " ")
			if err != nil || !strings.Contains(one.status, status) || (status == "") != (one.status == "") {
				t.Errorf("%s: want %s: %v %.300q", one.name, one.status, err, answer)
			}
		})
	}
	work.Wait()
	noise(t, l.pipeline.HTTP, random)
}

// noise sends random bytes, some after the beginning of a sound request.
func noise(t *testing.T, addr string, random *rand.Rand) {
	for n := range 200 {
		data := make([]byte, random.IntN(2000))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		if n%4 == 0 {
			data = append([]byte(head), data...)
		}
		if _, err := talk(addr, data, true); err != nil {
			t.Errorf("%s, %.50q: %v", addr, data, err)
		}
	}
}

// comeSlowly holds connections open by sending hardly anything, and by not reading answers.
func comeSlowly(t *testing.T, l *ledger, _ *rand.Rand) {
	var work sync.WaitGroup
	for n := range 300 {
		work.Go(func() {
			switch n % 3 {
			case 0:
				drip(t, l.pipeline.HTTP, "GET / HTTP/1.1\r\n"+strings.Repeat("X-A: b\r\n", 100))
			case 1:
				drip(t, l.pipeline.HTTP, head+"Content-Length: 1000\r\n\r\n"+strings.Repeat(" ", 1000))
			default:
				answer, err := talk(l.pipeline.HTTP, []byte(head+"Content-Length: 100\r\n\r\n{\"event\":"), false)
				if err != nil || !strings.Contains(answer, " 408 ") || !strings.Contains(answer, `"reason":"timeout"`) {
					t.Errorf("a body that stalls: %v %.300q", err, answer)
				}
			}
		})
	}
	work.Wait()
}

// drip sends a byte at a time until the other side has had enough.
func drip(t *testing.T, addr, data string) {
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	end := time.Now().Add(patience)
	for i := range len(data) {
		if _, err := c.Write([]byte{data[i]}); err != nil {
			return
		}
		if time.Now().After(end) {
			t.Error("a client that sends a byte at a time was let do so")
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// stillWell wants the same process, no restart of the engine, no panic and no more memory than is reasonable.
func stillWell(t *testing.T, p *harness.Pipeline, pid int) {
	t.Helper()
	if p.Pid() != pid || syscall.Kill(pid, 0) != nil {
		t.Error("the program is not the one that was started")
	}
	resp, err := http.Get("http://" + p.Admin + "/metrics")
	must(t, err)
	defer resp.Body.Close()
	metrics, err := io.ReadAll(resp.Body)
	must(t, err)
	if !bytes.Contains(metrics, []byte("\nthroughline_engine_restarts_total 0\n")) {
		t.Error("the engine was started again")
	}
	if log := p.LogTail(1 << 30); strings.Contains(log, "panic") || strings.Contains(log, "goroutine ") {
		t.Error("there was a panic")
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(t, err)
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	var kB int
	if _, err := fmt.Sscan(peak, &kB); err != nil || kB > 1_500_000 {
		t.Errorf("memory at its peak: %d kB, %v", kB, err)
	}
	t.Logf("memory at its peak: %d MB", kB/1000)
}
