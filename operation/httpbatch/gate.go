package httpbatch

import (
	"context"
	"sync"
	"time"
)

// hold is a declared wait; see operation.Run.Hold.
type hold func(ctx context.Context, d time.Duration, reason string) error

// gate lets requests through unless the other side has asked to wait: then the run as a whole stands still, and says so.
type gate struct {
	hold hold

	mu     sync.Mutex
	until  time.Time
	reason string
	open   chan struct{} // closed when the wait is over; nil while nobody waits
	waits  sync.WaitGroup
}

// pass returns when requests may be sent.
func (g *gate) pass(ctx context.Context) error {
	for {
		g.mu.Lock()
		open := g.open
		g.mu.Unlock()
		if open == nil {
			return ctx.Err()
		}
		select {
		case <-open:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// shut stops all requests for d, or for longer where somebody asked for that.
func (g *gate) shut(ctx context.Context, d time.Duration, reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.until) {
		g.until, g.reason = until, reason
	}
	if g.open == nil {
		g.open = make(chan struct{})
		g.waits.Go(func() { g.wait(ctx) })
	}
}

// wait holds until the gate may open.
func (g *gate) wait(ctx context.Context) {
	for {
		g.mu.Lock()
		left, reason := time.Until(g.until), g.reason
		if left <= 0 || ctx.Err() != nil {
			close(g.open)
			g.open = nil
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		_ = g.hold(ctx, left, reason) // it fails only with the context, which is asked next
	}
}
