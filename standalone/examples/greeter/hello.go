package main

import (
	"context"
	"time"
)

// sayHello stands for the work: a call that takes its time, and that ends when
// the run is cancelled or handed over to another worker.
func sayHello(ctx context.Context, _ int64) error {
	select {
	case <-time.After(100 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
