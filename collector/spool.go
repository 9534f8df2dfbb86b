package collector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/collector/spool"
)

// diskSpool is the spool before, while and after it is open, so that what uses it can be built first.
type diskSpool struct {
	dir   string
	limit int64
	log   *slog.Logger
	reg   prometheus.Registerer
	inner atomic.Pointer[spool.Spool]
}

var errNotOpen = errors.New("the spool is not open")

// open recovers what an earlier run has left.
func (s *diskSpool) open() error {
	inner, err := spool.Open(s.dir, s.limit, spool.WithLog(s.log), spool.WithMetrics(s.reg))
	if err != nil {
		return fmt.Errorf("open the spool: %w", err)
	}
	s.inner.Store(inner)
	return nil
}

func (s *diskSpool) close() error {
	if inner := s.inner.Swap(nil); inner != nil {
		return inner.Close()
	}
	return nil
}

func (s *diskSpool) Append(ctx context.Context, records [][]byte) error {
	if inner := s.inner.Load(); inner != nil {
		return inner.Append(ctx, records)
	}
	return errNotOpen
}

func (s *diskSpool) Drain(ctx context.Context, send func(ctx context.Context, records [][]byte) error) error {
	if inner := s.inner.Load(); inner != nil {
		return inner.Drain(ctx, send)
	}
	return errNotOpen
}

func (s *diskSpool) Stats() (bytes int64, oldest time.Time) {
	if inner := s.inner.Load(); inner != nil {
		return inner.Stats()
	}
	return 0, time.Time{}
}
