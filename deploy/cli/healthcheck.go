package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/throughline/throughline/collector"
	"github.com/throughline/throughline/processor"
)

// newHealthcheck is for container images, which have no other program in them.
func newHealthcheck() *cobra.Command {
	var ready bool
	var limit time.Duration
	c := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the collector or the processor of this environment whether it is alive",
		Long: `Asks THROUGHLINE_COLLECTOR_ADMIN_LISTEN and THROUGHLINE_PROCESSOR_ADMIN_LISTEN on this machine. The exit code is 0 when
one of them says that it is alive, or ready with --ready, and 1 otherwise.`,
		Example: "  throughline healthcheck\n  throughline healthcheck --ready",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var cfg struct {
				collector collector.Config
				processor processor.Config
			}
			if err := read(&cfg.collector, &cfg.processor); err != nil {
				return err
			}
			path := "/healthz"
			if ready {
				path = "/readyz"
			}
			ctx, cancel := context.WithTimeout(c.Context(), limit)
			defer cancel()
			var errs []error
			for _, addr := range []string{cfg.collector.AdminListen, cfg.processor.AdminListen} {
				err := askHealth(ctx, addr, path)
				if err == nil {
					return nil
				}
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		},
	}
	c.Flags().BoolVar(&ready, "ready", false, "ask whether it is ready, not only alive")
	c.Flags().DurationVar(&limit, "limit", 3*time.Second, "how long the answer may take")
	return c
}

// askHealth asks an address of this machine; one that listens everywhere is asked on loopback.
func askHealth(ctx context.Context, addr, path string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is no host:port: %w", addr, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s%s: %s", addr, path, resp.Status)
	}
	return nil
}
