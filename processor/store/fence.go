package store

import (
	"context"
	"fmt"
)

type fenceKey struct{}

// WithFence makes every INSERT of Write ask first, right before it is sent, each attempt again. An error of the fence ends Write;
// it is Fatal.
func WithFence(ctx context.Context, fence func(context.Context) error) context.Context {
	return context.WithValue(ctx, fenceKey{}, fence)
}

// PassFence asks the fence of a context that has one.
func PassFence(ctx context.Context) error {
	fence, ok := ctx.Value(fenceKey{}).(func(context.Context) error)
	if !ok {
		return nil
	}
	if err := fence(ctx); err != nil {
		return &fenceError{err}
	}
	return nil
}

// fenceError is an error of a fence.
type fenceError struct{ err error }

func (e *fenceError) Error() string { return fmt.Sprintf("not sent: %v", e.err) }
func (e *fenceError) Unwrap() error { return e.err }
