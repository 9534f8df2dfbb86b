package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// load is a stream of requests: HTTP/1.1 on connections that stay open, each waiting for its answer before the next.
type load struct {
	addr    string
	traffic *traffic
	shape

	next, accepted, refused atomic.Int64
	first                   atomic.Pointer[string] // of what was refused
}

// shape of a load.
type shape struct {
	connections int
	batch       int // events of a request
	// rate is the events a second to offer, whatever the server does; 0 is as fast as it answers.
	rate float64
	// times keeps the duration of each request.
	times bool
}

// result of a load.
type result struct {
	requests int64
	accepted int64 // events
	refused  int64 // events
	elapsed  time.Duration
	times    []time.Duration // sorted
}

func (r *result) requestsPerSecond() float64 { return float64(r.requests) / r.elapsed.Seconds() }
func (r *result) eventsPerSecond() float64   { return float64(r.accepted) / r.elapsed.Seconds() }

// percentile of the times.
func (r *result) percentile(p float64) time.Duration { return percentile(r.times, p) }

func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

// run sends for a while, or until so many requests are sent where limit is above 0.
func (l *load) run(ctx context.Context, lasting time.Duration, limit int64) (*result, error) {
	conns := make([]net.Conn, l.connections)
	for i := range conns {
		var err error
		if conns[i], err = net.Dial("tcp", l.addr); err != nil {
			return nil, fmt.Errorf("load: %w", err)
		}
		defer conns[i].Close()
	}
	requests, accepted, refused := l.next.Load(), l.accepted.Load(), l.refused.Load()
	if limit == 0 {
		limit = 1 << 62
	}
	var work sync.WaitGroup
	errs, times := make([]error, len(conns)), make([][]time.Duration, len(conns))
	start := time.Now()
	for i, conn := range conns {
		w := &worker{load: l, conn: conn, start: start, until: start.Add(lasting), base: requests, limit: requests + limit}
		work.Go(func() { errs[i] = w.run(ctx); times[i] = w.times })
	}
	work.Wait()
	out := &result{
		requests: l.next.Load() - requests, accepted: l.accepted.Load() - accepted, refused: l.refused.Load() - refused,
		elapsed: time.Since(start), times: slices.Concat(times...),
	}
	slices.Sort(out.times)
	if why := l.first.Load(); why != nil && out.accepted == 0 {
		return out, fmt.Errorf("load: everything was refused, at first with %q", *why)
	}
	return out, errors.Join(errs...)
}

// worker drives one connection.
type worker struct {
	load         *load
	conn         net.Conn
	start, until time.Time
	base, limit  int64
	request      []byte
	answer       []byte
	times        []time.Duration
}

func (w *worker) run(ctx context.Context) error {
	w.answer = make([]byte, 64<<10)
	for ctx.Err() == nil {
		now := time.Now()
		if now.After(w.until) {
			return nil
		}
		n := w.load.next.Add(1) - 1
		if n >= w.limit || !w.wait(now, n) {
			w.load.next.Add(-1)
			return nil
		}
		w.request = w.load.traffic.appendRequest(w.request[:0], uint64(n)*uint64(w.load.batch), w.load.batch)
		began := time.Now()
		if err := w.exchange(); err != nil {
			return fmt.Errorf("load: %w", err)
		}
		if w.load.times {
			w.times = append(w.times, time.Since(began))
		}
	}
	return ctx.Err()
}

// wait sleeps until request n is due; it is false when that is after the end.
func (w *worker) wait(now time.Time, n int64) bool {
	if w.load.rate == 0 {
		return true
	}
	due := w.start.Add(time.Duration(float64((n-w.base)*int64(w.load.batch)) / w.load.rate * float64(time.Second)))
	if due.After(w.until) {
		return false
	}
	if early := due.Sub(now); early > 0 {
		time.Sleep(early)
	}
	return true
}

var (
	statusOK   = []byte("HTTP/1.1 200 ")
	lengthName = []byte("\r\nContent-Length: ")
	headEnd    = []byte("\r\n\r\n")
	counts     = []byte(`{"accepted":`)
)

// exchange sends the request, reads the whole answer and counts its verdict.
func (w *worker) exchange() error {
	if _, err := w.conn.Write(w.request); err != nil {
		return err
	}
	have, need, body := 0, -1, 0
	for need < 0 || have < need {
		n, err := w.conn.Read(w.answer[have:])
		if err != nil {
			return fmt.Errorf("answer after %d bytes: %w", have, err)
		}
		have += n
		if need >= 0 {
			continue
		}
		if end := bytes.Index(w.answer[:have], headEnd); end >= 0 {
			body = end + len(headEnd)
			need = body + contentLength(w.answer[:end])
		}
	}
	w.load.verdict(w.answer[:have], w.answer[body:have])
	return nil
}

func contentLength(head []byte) int {
	i := bytes.Index(head, lengthName)
	if i < 0 {
		return 0
	}
	n := 0
	for _, c := range head[i+len(lengthName):] {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// verdict counts what the answer says; an empty one, of the baseline, accepts all.
func (l *load) verdict(answer, body []byte) {
	accepted := 0
	if bytes.HasPrefix(answer, statusOK) {
		accepted = l.batch
		if rest, ok := bytes.CutPrefix(body, counts); ok {
			end := max(0, bytes.IndexByte(rest, ','))
			accepted, _ = strconv.Atoi(string(rest[:end])) // what is no number counts as none
		}
	}
	l.accepted.Add(int64(accepted))
	if refused := l.batch - accepted; refused > 0 {
		l.refused.Add(int64(refused))
		if l.first.Load() == nil {
			text := string(answer[:min(len(answer), 400)])
			l.first.CompareAndSwap(nil, &text)
		}
	}
}
