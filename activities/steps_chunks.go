package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// batchFor bounds how long chunks follow one another within one activity. Each
// activity adds to the workflow's history, so tiny chunks share one.
const batchFor = 30 * time.Second

// chunks does chunk after chunk from a cursor on, or from where an earlier
// attempt had come, until one asks for a wait or is the last one, or time is up.
// A step that is tried again ends with its first chunk: what comes after it is
// no retry, and must not look like one.
func (s *Steps) chunks(ctx context.Context, d operation.Definition, h *host, i operation.Info, cursor string) (contract.ExecuteResult, error) {
	at := h.from(cursor)
	i.Woken = i.Woken && at.Chunks == 0
	retried := activity.GetInfo(ctx).Attempt > 1
	began := time.Now()
	looked := began
	for first := true; ; first = false {
		next, err := d.Do(ctx, h, i, at.Cursor)
		toStop := errors.Is(context.Cause(ctx), operation.ErrCancelAsked)
		if err != nil {
			return failed(err, at.Cursor, first, toStop)
		}
		switch {
		case toStop && !next.Done:
			return contract.ExecuteResult{Cursor: next.Cursor, Cancelled: true}, nil
		case next.Done || next.Wait != nil || retried || ctx.Err() != nil || time.Since(began) >= s.batch():
			return result(next), nil //nolint:nilerr // the chunk is done, whatever was asked for meanwhile
		}
		at = contract.Reached{Cursor: next.Cursor, Chunks: at.Chunks + 1}
		h.reach(at)
		i.Woken = false
		if time.Since(looked) < s.Timing.FlushEvery {
			continue
		}
		if goOn, cancelled := s.look(ctx, i.ID); !goOn {
			return contract.ExecuteResult{Cursor: at.Cursor, Cancelled: cancelled}, nil
		}
		looked = time.Now() // after the answer: a slow record must not be asked after every chunk
	}
}

// failed is what becomes of an activity whose chunk, which began at a cursor, failed.
func failed(err error, cursor string, first, toStop bool) (contract.ExecuteResult, error) {
	switch {
	case toStop && !errors.Is(err, lifecycle.ErrEnded):
		// Temporal, which may not know of the cancel yet, takes no cancelled step for an answer.
		return contract.ExecuteResult{Cursor: cursor, Cancelled: true}, nil
	case first || ends(err):
		return contract.ExecuteResult{}, err
	}
	// What was reached is kept: the chunk is tried again in a step of its own.
	return contract.ExecuteResult{Cursor: cursor}, nil
}

// look asks the record whether to go on. What else is wrong, also that the run has ended, is met by the next step.
func (s *Steps) look(ctx context.Context, id string) (goOn, cancelled bool) {
	run, err := s.active(ctx, id)
	cancelled = err == nil && !run.Facts.Cancel.At.IsZero()
	return err == nil && !cancelled, cancelled
}

func (s *Steps) batch() time.Duration {
	if s.Batch > 0 {
		return s.Batch
	}
	return batchFor
}

// ends reports whether an error ends the run, so that no retry may hide it.
func ends(err error) bool {
	var (
		blocked   *operation.BlockedError
		permanent *operation.PermanentError
	)
	return errors.Is(err, lifecycle.ErrEnded) || errors.As(err, &blocked) || errors.As(err, &permanent)
}

func result(next operation.Next) contract.ExecuteResult {
	r := contract.ExecuteResult{Cursor: next.Cursor, Done: next.Done}
	if w := next.Wait; w != nil {
		r.Wait = &contract.Wait{For: w.For, Signal: w.Signal, Reason: w.Reason}
	}
	return r
}

// reachedBefore is how far an earlier attempt of the step told that it had come.
func reachedBefore(ctx context.Context) (r contract.Reached) {
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &r) != nil {
		return contract.Reached{}
	}
	return r
}

// from is where to begin.
func (h *host) from(cursor string) contract.Reached {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reached.Chunks > 0 {
		return h.reached
	}
	return contract.Reached{Cursor: cursor}
}

// reach notes that everything before a cursor is done.
func (h *host) reach(r contract.Reached) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reached = r
}
