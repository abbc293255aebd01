package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// lastFlush bounds the write of the items that are left when a step ends, also
// where its own context has been cancelled.
const lastFlush = 10 * time.Second

// itemsPerWrite bounds one transaction, which a run's heartbeats have to wait for.
const itemsPerWrite = 1000

// host serves one step of one run: it beats and records items for as long as
// the author's function runs.
type host struct {
	steps  *Steps
	runID  string
	cancel context.CancelCauseFunc
	nudge  chan struct{} // a beat is due now

	mu      sync.Mutex
	items   []models.Item
	reached contract.Reached // by the chunks that ended
	told    contract.Reached // by those of them whose items are written
	held    *hold
}

type hold struct {
	reason string
	until  time.Time
}

// host calls an author's function in the service of a host, and translates how
// it ended.
func (s *Steps) host(ctx context.Context, run models.Run,
	call func(context.Context, operation.Definition, *host) error,
) error {
	d, ok := s.Types.Lookup(run.Facts.Type)
	if !ok {
		// Another worker of the queue may know it: tried again until one takes it.
		return fmt.Errorf("operation type %q is not registered in this worker; start one that has it", run.Facts.Type)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	h := &host{steps: s, runID: run.ID, cancel: cancel, nudge: make(chan struct{}, 1)}
	h.reached = reachedBefore(ctx)
	h.told = h.reached // else the first beat would forget it
	return s.translate(ctx, h.serve(ctx, func() error { return call(ctx, d, h) }))
}

// serve runs f with its goroutines around it; they end before it returns, also
// when f panics.
func (h *host) serve(ctx context.Context, f func() error) (err error) {
	// A cancelled step still beats while it winds down.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { h.beat(background) })
	wg.Go(func() { h.flushing(background) })
	wg.Go(func() { h.watchStop(background) })
	defer func() {
		stop()
		wg.Wait()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
		defer cancel()
		if unwritten := h.flush(last); unwritten != nil {
			err = unwritten // the chunk is repeated rather than its items lost
		}
	}()
	return f()
}

// beat tells at once and then regularly that the step lives. The first beat is
// also what makes this attempt the run's owner.
func (h *host) beat(ctx context.Context) {
	ticker := time.NewTicker(h.steps.Timing.HeartbeatEvery)
	defer ticker.Stop()
	// To the SDK a heartbeat whose call was cut short is one that failed, and it
	// would cancel the step that has just ended.
	whole := context.WithoutCancel(ctx)
	for {
		activity.RecordHeartbeat(whole, h.details()...)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-h.nudge:
		}
	}
}

// flushing writes items soon after they end, so that progress moves within a
// chunk. A write that fails is tried again with the next one; the last one counts.
func (h *host) flushing(ctx context.Context) {
	ticker := time.NewTicker(h.steps.Timing.FlushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := h.flush(ctx); errors.Is(err, lifecycle.ErrEnded) {
			h.cancel(operation.ErrCutOff)
			return
		}
	}
}

// watchStop hands the step over when the worker is told to stop. By then it
// polls no more, so that the next attempt goes to another worker.
func (h *host) watchStop(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-activity.GetWorkerStopChannel(ctx):
		h.cancel(operation.ErrHandover)
	}
}

// flush writes the items that are not written yet. It keeps those for which it
// fails. How far the run has come is told only once everything before is written.
func (h *host) flush(ctx context.Context) error {
	h.mu.Lock()
	items, reached := slices.Clone(h.items), h.reached
	h.mu.Unlock()
	for part := range slices.Chunk(items, itemsPerWrite) {
		if err := h.steps.Record.RecordItems(ctx, h.runID, part); err != nil {
			return fmt.Errorf("record %d items of run %s: %w", len(part), h.runID, err)
		}
		h.mu.Lock()
		h.items = h.items[len(part):]
		if len(h.items) == 0 {
			h.items = nil
		}
		h.mu.Unlock()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = reached
	return nil
}

// Item implements operation.Host.
func (h *host) Item(i models.Item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.items = append(h.items, i)
}

// SetTotal implements operation.Host.
func (h *host) SetTotal(ctx context.Context, total int64) error { return h.savePlan(ctx, total, "") }

func (h *host) savePlan(ctx context.Context, total int64, note string) error {
	if err := h.steps.Record.SavePlan(ctx, h.runID, total, note); err != nil {
		return fmt.Errorf("record the plan of run %s: %w", h.runID, err)
	}
	return nil
}

// Artifact implements operation.Host.
func (h *host) Artifact(ctx context.Context, name, contentType string, body []byte) error {
	if err := h.steps.Record.SaveArtifact(ctx, h.runID, name, contentType, body); err != nil {
		return fmt.Errorf("store artifact %q of run %s: %w", name, h.runID, err)
	}
	return nil
}

// Hold implements operation.Host.
func (h *host) Hold(ctx context.Context, d time.Duration, reason string) error {
	h.hold(&hold{reason: reason, until: time.Now().Add(d)})
	defer h.hold(nil)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("hold for %q: %w", reason, context.Cause(ctx))
	}
}

func (h *host) hold(to *hold) {
	h.mu.Lock()
	h.held = to
	h.mu.Unlock()
	select {
	case h.nudge <- struct{}{}:
	default:
	}
}

// details are what a beat tells: first how far the step has come, for its next
// attempt, then the wait that it holds.
func (h *host) details() (details []any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held != nil || h.told.Chunks > 0 {
		details = append(details, h.told)
	}
	if h.held != nil {
		details = append(details, contract.Held{Reason: h.held.reason, For: max(0, time.Until(h.held.until))})
	}
	return details
}
