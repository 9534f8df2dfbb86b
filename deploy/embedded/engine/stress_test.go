package engine_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	stress     = flag.Duration("stress", 4*time.Second, "how long TestStatementsUnderStarvation goes on")
	stressSeed = flag.Uint64("stress-seed", 1, "its seed")
)

// stuck is how long a statement may take before it counts as hung: far above what anything here needs, starved as it is.
const stuck = 90 * time.Second

// crowd is clients that write, read, go away in the middle and are cut off, on one engine.
type crowd struct {
	t      *testing.T
	addr   string
	client *http.Client
	rows   atomic.Int64 // acknowledged
	counts [4]atomic.Int64
}

// ask posts a statement and reads some of its answer, -1 for all.
func (c *crowd) ask(ctx context.Context, statement string, body io.Reader, read int64) error {
	ctx, cancel := context.WithTimeoutCause(ctx, stuck, errHung)
	defer cancel()
	query := url.Values{"query": {statement}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.addr+"/?"+query.Encode(), body)
	if err != nil {
		return err
	}
	answer, err := c.client.Do(r)
	if err == nil {
		var reader io.Reader = answer.Body
		if read >= 0 {
			reader = io.LimitReader(reader, read)
		}
		text, failed := io.ReadAll(reader)
		if err = errors.Join(failed, answer.Body.Close()); answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %.300s", answer.Status, text)
		}
	}
	if errors.Is(context.Cause(ctx), errHung) {
		c.t.Errorf("not done within %s: %s", stuck, statement)
	}
	return err
}

var errHung = errors.New("hung")

// act does one thing.
func (c *crowd) act(ctx context.Context, r *rand.Rand) {
	kind := r.IntN(4)
	c.counts[kind].Add(1)
	switch kind {
	case 0: // a client that writes
		n := 1 + r.IntN(3000)
		if err := c.ask(ctx, "INSERT INTO crowd FORMAT TSV", rowsFrom(r, n), -1); err != nil {
			c.t.Error(err)
		}
		c.rows.Add(int64(n))
	case 1: // one that reads all
		if err := c.ask(ctx, "SELECT count(), uniq(s) FROM crowd", nil, -1); err != nil {
			c.t.Error(err)
		}
	case 2: // one that goes away in the middle
		_ = c.ask(ctx, "SELECT * FROM crowd, numbers(100000)", nil, r.Int64N(2<<20))
	case 3: // one that is cut off while it asks
		short, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(40))*time.Millisecond)
		defer cancel()
		_ = c.ask(short, "SELECT sum(cityHash64(number)) FROM numbers(100000000)", nil, -1)
	}
}

func rowsFrom(r *rand.Rand, n int) io.Reader {
	var b bytes.Buffer
	for range n {
		fmt.Fprintf(&b, "%d\t%s\n", r.Int64(), strings.Repeat("x", r.IntN(40)))
	}
	return &b
}

// TestStatementsUnderStarvation lets many clients write, read, go away and be cut off at once while others take the processors. Every
// statement ends, each acknowledged row is there, and the engine stops in order.
func TestStatementsUnderStarvation(t *testing.T) {
	need(t)
	e, err := start(config(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	must(t, e.Addr(), "CREATE TABLE crowd (n Int64, s String) ENGINE = MergeTree PARTITION BY n % 5 ORDER BY n "+
		"SETTINGS fsync_after_insert = 1, fsync_part_directory = 1")
	ctx, cancel := context.WithTimeout(t.Context(), *stress)
	defer cancel()
	for range 2 * runtime.NumCPU() {
		go func() {
			for ctx.Err() == nil { // takes a processor
			}
		}()
	}
	c := &crowd{t: t, addr: e.Addr(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}}
	var all sync.WaitGroup
	for n := range 12 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(*stressSeed, uint64(n)))
			for ctx.Err() == nil {
				c.act(context.WithoutCancel(ctx), r)
			}
		})
	}
	all.Wait()
	t.Logf("seed %d: %d writes, %d reads, %d left, %d cut off", *stressSeed, c.counts[0].Load(), c.counts[1].Load(), c.counts[2].Load(), c.counts[3].Load())
	if got, want := must(t, e.Addr(), "SELECT count() FROM crowd"), fmt.Sprint(c.rows.Load()); strings.TrimSpace(got) != want {
		t.Errorf("%s rows, want %s", got, want)
	}
	if stop(e) != 0 {
		t.Error("the engine did not stop in order")
	}
}
