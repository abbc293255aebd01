package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"

	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

// nominateMax is how far back closed workflows are listed. After a longer absence the list may take longer than a pass
// has, and each active run is verified within minutes by itself.
const nominateMax = 5 * time.Minute

// Deliver starts what was never started, passes on cancels, and adopts ends that the record missed.
func (r *Reconciler) Deliver(ctx context.Context) (contract.DeliverResult, error) {
	l, ok, err := r.look(ctx)
	if err != nil || !ok {
		return contract.DeliverResult{}, err
	}
	out := contract.DeliverResult{Answered: true, Cursors: contract.Cursors{Verify: l.state.Cursors.Verify}}
	if out.Cursors.Dispatch, err = r.dispatch(ctx, l.state.Cursors.Dispatch); err != nil {
		return contract.DeliverResult{}, err
	}
	if out.Force, out.Cursors.Cancel, err = r.cancels(ctx, l.state.Cursors.Cancel); err != nil {
		return contract.DeliverResult{}, err
	}
	out.ClosedUpTo, err = r.nominate(ctx, l)
	return out, err
}

// dispatch starts the workflows of runs whose start was interrupted. It returns where the next pass goes on.
func (r *Reconciler) dispatch(ctx context.Context, after string) (next string, err error) {
	runs, _, next, err := r.Record.Undispatched(ctx, startGrace, after, batchSize)
	if err != nil {
		return "", fmt.Errorf("read the runs that were not dispatched: %w", err)
	}
	began := time.Now()
	for _, run := range runs {
		if time.Since(began) > stepFor {
			return after, ctx.Err()
		}
		after = run.ID
		if !run.Facts.Cancel.At.IsZero() {
			continue // cancelled before it began
		}
		activity.RecordHeartbeat(ctx)
		if err := r.Dispatch(ctx, run); err != nil {
			r.trouble(ctx, "cannot dispatch a run; a later pass tries again", run.ID, err)
		}
	}
	return next, ctx.Err()
}

// cancels passes on what operators asked for. It returns what has waited out its grace, and where the next pass goes on.
func (r *Reconciler) cancels(ctx context.Context, after string) (force []string, next string, err error) {
	runs, now, next, err := r.Record.CancelsWaiting(ctx, after, batchSize)
	if err != nil {
		return nil, "", fmt.Errorf("read the cancels that wait: %w", err)
	}
	began := time.Now()
	for _, run := range runs {
		if time.Since(began) > stepFor {
			return force, after, ctx.Err()
		}
		after = run.ID
		activity.RecordHeartbeat(ctx)
		if graceOver(run, now) || run.Facts.DispatchedAt.IsZero() {
			force = append(force, run.ID)
		}
		if err := r.cancel(ctx, run); err != nil {
			r.trouble(ctx, "cannot deliver a cancel; a later pass tries again", run.ID, err)
		}
	}
	return force, next, ctx.Err()
}

// trouble tells and counts what went wrong with one run. The others go on.
func (r *Reconciler) trouble(ctx context.Context, what, runID string, err error) {
	r.Measure.PassTrouble()
	r.Logger.WarnContext(ctx, what, "run", runID, "error", err)
}

// graceOver reports whether a cancel that was asked for has to be forced.
func graceOver(run models.Run, now time.Time) bool {
	c := run.Facts.Cancel
	return !c.At.IsZero() && !now.Before(c.ForcedAt)
}

// cancel asks the workflow to stop. One that is gone or was asked before needs nothing.
func (r *Reconciler) cancel(ctx context.Context, run models.Run) error {
	ctx, done := context.WithTimeout(ctx, askTimeout)
	defer done()
	err := r.Cluster.CancelWorkflow(ctx, contract.WorkflowID(run.ID), "")
	var (
		asked *serviceerror.CancellationAlreadyRequested
		gone  *serviceerror.NotFound
	)
	if errors.As(err, &asked) || errors.As(err, &gone) {
		return nil
	}
	return err
}

// nominate looks for workflows that closed since the last pass while their run is still active. Visibility lags, so it
// only says where to look. It returns the moment on Temporal's clock up to which it has looked.
func (r *Reconciler) nominate(ctx context.Context, l *look) (upTo time.Time, err error) {
	upTo = l.observer.clock.now()
	from := upTo
	if c := l.state.ClosedUpTo; !c.IsZero() && c.Before(from) {
		from = c
		if longest := upTo.Add(-nominateMax); from.Before(longest) {
			from = longest
		}
	}
	closed, err := r.closedSince(ctx, from.Add(-overlap))
	if err != nil {
		r.Logger.WarnContext(ctx, "cannot list closed workflows; the next pass tries again", "error", err)
		return l.state.ClosedUpTo, nil
	}
	for len(closed) > 0 {
		n := min(len(closed), batchSize)
		runs, _, err := r.Record.ActiveByID(ctx, closed[:n])
		if err != nil {
			return time.Time{}, fmt.Errorf("read active runs: %w", err)
		}
		if _, err := r.examine(ctx, l, runs); err != nil {
			return time.Time{}, err
		}
		closed = closed[n:]
	}
	return upTo, nil
}

// closedSince lists the runs whose workflows closed since then, except chains that go on as new.
func (r *Reconciler) closedSince(ctx context.Context, from time.Time) (ids []string, err error) {
	request := &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: r.Namespace, PageSize: 1000,
		Query: fmt.Sprintf("WorkflowType = '%s' AND CloseTime >= '%s' AND ExecutionStatus != 'Running' AND ExecutionStatus != 'ContinuedAsNew'",
			contract.RunWorkflow, from.UTC().Format(time.RFC3339Nano)),
	}
	for {
		asking, done := context.WithTimeout(ctx, askTimeout)
		page, err := r.Cluster.ListWorkflow(asking, request)
		done()
		if err != nil {
			return nil, fmt.Errorf("list closed workflows: %w", err)
		}
		activity.RecordHeartbeat(ctx)
		for _, e := range page.GetExecutions() {
			if id, ok := contract.RunIDOf(e.GetExecution().GetWorkflowId()); ok {
				ids = append(ids, id)
			}
		}
		request.NextPageToken = page.GetNextPageToken()
		if len(request.NextPageToken) == 0 {
			return ids, nil
		}
	}
}
