package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Config says where events go and how long to insist.
type Config struct {
	// URL of the endpoint, such as http://127.0.0.1:8080/v1/import.
	URL string
	// Key is the write key or import key of a site.
	Key string
	// Gzip compresses request bodies; worth it only over slow links.
	Gzip bool
	// HTTP is the client to use; default one with a connection pool of 64 and a timeout of a minute a request.
	HTTP *http.Client
	// FirstPause is the first wait of the back-off, default 100 ms; it grows to at most 10 s.
	FirstPause time.Duration
	// Patience bounds one Send with all its retries, default 5 min.
	Patience time.Duration
	// Logger hears of every retry at debug level; default discards.
	Logger *slog.Logger
}

// Client posts events; safe for concurrent use.
type Client struct {
	cfg Config
}

// New checks the configuration and does no I/O.
func New(cfg Config) (*Client, error) {
	endpoint, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("collector address %q: %w", cfg.URL, err)
	}
	if (endpoint.Scheme != "http" && endpoint.Scheme != "https") || endpoint.Host == "" {
		return nil, fmt.Errorf("collector address %q: want http://HOST:PORT/PATH or https://…", cfg.URL)
	}
	if cfg.Key == "" {
		return nil, errors.New("no key: the collector needs a site's write key or import key")
	}
	cfg.fillDefaults()
	return &Client{cfg: cfg}, nil
}

func (c *Config) fillDefaults() {
	if c.HTTP == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 64
		c.HTTP = &http.Client{Transport: transport, Timeout: time.Minute}
	}
	if c.FirstPause <= 0 {
		c.FirstPause = 100 * time.Millisecond
	}
	if c.Patience <= 0 {
		c.Patience = 5 * time.Minute
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

// Rejected is one event that the collector refused for good.
type Rejected struct {
	// Index of the event in the slice that was sent.
	Index     int
	MessageID string
	Reason    string
	Field     string
	Detail    string
}

// Outcome counts the final verdicts of one Send: Accepted + len(Rejected) = events sent.
type Outcome struct {
	Accepted int
	Rejected []Rejected
	// Retries is the number of requests beyond the first.
	Retries int
}

// Send posts the events and returns when each has a final verdict. The events are not kept.
// The error is a *RefusedError when the collector refused the request as a whole (wrong key, too large),
// the context's error when it ended, or the last failure when Patience ran out; the Outcome then holds
// the verdicts that had come by then.
func (c *Client) Send(ctx context.Context, events [][]byte) (Outcome, error) {
	if len(events) == 0 {
		return Outcome{}, nil
	}
	round := newRound(events)
	_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, c.post(ctx, round) },
		backoff.WithBackOff(c.newBackOff()),
		backoff.WithMaxElapsedTime(c.cfg.Patience),
		backoff.WithNotify(func(err error, pause time.Duration) {
			round.outcome.Retries++
			c.cfg.Logger.Debug("sending again", "pause", pause, "events", len(round.pending), "cause", err)
		}))
	var later *backoff.RetryAfterError
	if errors.As(err, &later) {
		err = fmt.Errorf("the collector stayed overloaded for %s", c.cfg.Patience)
	}
	return round.outcome, err
}

func (c *Client) newBackOff() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = c.cfg.FirstPause
	b.MaxInterval = max(10*time.Second, c.cfg.FirstPause)
	return b
}
