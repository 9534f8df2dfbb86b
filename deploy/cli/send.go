package cli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/spf13/cobra"

	"github.com/throughline/throughline/deploy/importer/client"
)

// sendFlags are what 'send' was asked to post, and where to.
type sendFlags struct {
	url, key, file string
	touch          touchFlags
}

func newSend() *cobra.Command {
	var o sendFlags
	c := &cobra.Command{
		Use:   "send",
		Short: "Post touchpoints to a collector and say what became of them",
		Long: `Posts touchpoints to a collector and prints its verdict on each: accepted, or rejected with field and reason.
The exit code is 3 when any was rejected.

They come from flags, or from a file: one JSON object, an array, {"batch": […]}, or one object a line. A file larger than
32 MB is a matter for 'throughline import'.`,
		Example: `  throughline send --event "Product Viewed" --page https://shop.example/shoes?gclid=x1
  throughline send --event "Order Completed" --user-id ada --property revenue=49.90 --property currency=EUR
  throughline send --event "Signed Up" --event "Order Completed" --anonymous-id visitor-1
  throughline send --file touchpoints.ndjson
  echo '{"event":"Signed Up","user_id":"ada"}' | throughline send --file -`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runSend(c, o) },
	}
	f := c.Flags()
	f.StringVar(&o.url, "url", "", "the collector (default THROUGHLINE_URL or http://127.0.0.1:8080)")
	f.StringVar(&o.key, "write-key", "", "the site's write key (default THROUGHLINE_WRITE_KEY or local)")
	f.StringVar(&o.file, "file", "", "file to post as it is; - is standard input")
	o.touch.define(f)
	for _, name := range touchFlagNames {
		c.MarkFlagsMutuallyExclusive("file", name)
	}
	return c
}

// Bounds of one request; the collector's own are 500 events and 1 MB.
const (
	requestEvents = 500
	requestBytes  = 900_000
	// sendPatience is how long an overloaded collector is asked again.
	sendPatience = 10 * time.Second
)

func runSend(c *cobra.Command, o sendFlags) error {
	var env Client
	if err := read(&env); err != nil {
		return err
	}
	url := strings.TrimRight(either(o.url, env.URL), "/")
	poster, err := client.New(client.Config{
		URL: url + "/v1/touchpoints", Key: either(o.key, env.WriteKey), Patience: sendPatience,
		HTTP: &http.Client{Transport: impatient{http.DefaultTransport}, Timeout: time.Minute},
	})
	if err != nil {
		return usageError(err)
	}
	events, err := o.events(c)
	if err != nil {
		return err
	}
	report := verdicts{out: c.OutOrStdout()}
	for start := 0; start < len(events); {
		end := start + fit(events[start:])
		outcome, err := poster.Send(c.Context(), events[start:end])
		if err != nil {
			return errors.Join(explainSend(err, url), report.partial(len(events)-start))
		}
		report.add(events[start:end], outcome)
		start = end
	}
	if o.touch.generated {
		fmt.Fprintf(c.OutOrStdout(), "New visitor: use --anonymous-id %s for the next touchpoint of the same one.\n", o.touch.anonymous)
	}
	return report.end()
}

// fit is how many of the events go into one request.
func fit(events [][]byte) int {
	size := 0
	for i, e := range events {
		size += len(e) + 1
		if i == requestEvents || (i > 0 && size > requestBytes) {
			return i
		}
	}
	return len(events)
}

// impatient makes an unreachable collector a final answer: somebody waits at the terminal.
type impatient struct{ next http.RoundTripper }

// RoundTrip is that of http.RoundTripper.
func (i impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := i.next.RoundTrip(r)
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	return response, nil
}

// explainSend adds what to do.
func explainSend(err error, url string) error {
	var refused *client.RefusedError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nobody listens at %s: is it running? Start it with: throughline up", url)
	case !errors.As(err, &refused):
		return fmt.Errorf("post to %s: %w", url, err)
	case refused.Status == http.StatusUnauthorized:
		return fmt.Errorf("%w\nName the site's write key with --write-key or THROUGHLINE_WRITE_KEY", err)
	case refused.Status == http.StatusNotFound:
		return fmt.Errorf("%w\nIs %s a collector's public address?", err, url)
	}
	return err
}
