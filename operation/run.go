package operation

import (
	"context"
	"encoding/json"
	"time"

	"github.com/opstruth/opstruth/models"
)

// Info is what a step knows of its run without asking.
type Info struct {
	ID          string
	WorkspaceID string
	TenantID    string // empty for a tenantless run
	Type        string
	Target      string
	Input       json.RawMessage
	RetryOf     string // the run that this one tries again; empty for a first try
	Woken       bool   // the wait before this chunk was ended by a signal
}

// Item is the end of one item. Keys are unique in a run; the first end of a key
// counts, so recording one again is harmless.
type Item = models.Item

// How an item ended.
const (
	ItemSucceeded = models.ItemSucceeded
	ItemFailed    = models.ItemFailed
	ItemSkipped   = models.ItemSkipped
)

// Host serves a running step. The engine implements it; authors use Run.
type Host interface {
	// Item takes the end of one item. It never blocks on the database.
	Item(Item)
	// SetTotal states how many items there are.
	SetTotal(ctx context.Context, total int64) error
	// Artifact stores a result under a name that is unique in the run.
	Artifact(ctx context.Context, name, contentType string, body []byte) error
	// Hold sleeps through a declared wait.
	Hold(ctx context.Context, d time.Duration, reason string) error
}

// Run is one execution as its author's functions see it. It heartbeats by
// itself for as long as a function runs, and cancels the function's context
// when the run is cancelled, handed over or cut off.
type Run[In any] struct {
	Info
	Input In

	host Host
}

// Succeeded records that an item is done.
func (r *Run[In]) Succeeded(key string) {
	r.host.Item(Item{Key: key, State: ItemSucceeded})
}

// Failed records that an item failed for good: code for programs, message for
// people. The run goes on.
func (r *Run[In]) Failed(key, code, message string) {
	r.host.Item(Item{Key: key, State: ItemFailed, Code: code, Message: message})
}

// Skipped records that an item needed no work, and why.
func (r *Run[In]) Skipped(key, message string) {
	r.host.Item(Item{Key: key, State: ItemSkipped, Message: message})
}

// Record records the end of an item with all that is known of it.
func (r *Run[In]) Record(i Item) { r.host.Item(i) }

// SetTotal states how many items there are, once that is known better than
// when it was planned.
func (r *Run[In]) SetTotal(ctx context.Context, total int64) error {
	return r.host.SetTotal(ctx, total)
}

// Artifact stores a result under a name that is unique in the run; the same
// name again replaces it.
func (r *Run[In]) Artifact(ctx context.Context, name, contentType string, body []byte) error {
	return r.host.Artifact(ctx, name, contentType, body)
}

// Hold waits for d inside a chunk, for a rate limit or a Retry-After. The wait
// is declared: people see the reason, and standing still is no lack of progress.
// Long waits belong to WaitFor, which needs no worker.
func (r *Run[In]) Hold(ctx context.Context, d time.Duration, reason string) error {
	return r.host.Hold(ctx, d, reason)
}
