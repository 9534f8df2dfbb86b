package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/cenkalti/backoff/v5"
	"github.com/klauspost/compress/gzip"
)

// round is one Send under way: which events still have no final verdict.
type round struct {
	events  [][]byte
	pending []int
	outcome Outcome
}

func newRound(events [][]byte) *round {
	pending := make([]int, len(events))
	for i := range pending {
		pending[i] = i
	}
	return &round{events: events, pending: pending}
}

var (
	bodies  = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	zippers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}
)

// post sends the pending events in one request.
func (c *Client) post(ctx context.Context, r *round) error {
	// A fresh buffer for each request: the transport may still read a body after an early answer.
	body, err := r.body(c.cfg.Gzip)
	if err != nil {
		return backoff.Permanent(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(fmt.Errorf("building the request: %w", err))
	}
	request.Header.Set("Authorization", "Bearer "+c.cfg.Key)
	request.Header.Set("Content-Type", contentType(len(r.pending)))
	if c.cfg.Gzip {
		request.Header.Set("Content-Encoding", "gzip")
	}
	response, err := c.cfg.HTTP.Do(request)
	if err != nil {
		return fmt.Errorf("posting %d events: %w", len(r.pending), err)
	}
	defer response.Body.Close()
	return r.read(response)
}

// contentType of n events: a single one is an object of its own, as a browser would send it.
func contentType(n int) string {
	if n == 1 {
		return "application/json"
	}
	return "application/x-ndjson"
}

func (r *round) body(zip bool) ([]byte, error) {
	size := 0
	for _, i := range r.pending {
		size += len(r.events[i]) + 1
	}
	plain := make([]byte, 0, size)
	for _, i := range r.pending {
		plain = append(append(plain, r.events[i]...), '\n')
	}
	if !zip {
		return plain, nil
	}
	buffer := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(buffer)
	buffer.Reset()
	zipper := zippers.Get().(*gzip.Writer)
	defer zippers.Put(zipper)
	zipper.Reset(buffer)
	if _, err := zipper.Write(plain); err != nil {
		return nil, fmt.Errorf("compressing a request: %w", err)
	}
	if err := zipper.Close(); err != nil {
		return nil, fmt.Errorf("compressing a request: %w", err)
	}
	return bytes.Clone(buffer.Bytes()), nil
}
