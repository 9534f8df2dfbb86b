package check

import (
	"context"
	"time"

	"github.com/throughline/throughline/processor/store"
)

// touchSource reads stored touchpoints back, customer by customer.
type touchSource interface {
	Restore(ctx context.Context, partition, partitions int, since time.Time, fn func(*store.TouchRow) error) error
}

// readTouches gives every stored touchpoint: partition 0 of 1 is all of them.
func readTouches(ctx context.Context, from touchSource, fn func(*store.TouchRow) error) error {
	return from.Restore(ctx, 0, 1, time.Time{}, fn)
}
