package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// Heartbeats is the interceptor that shows every heartbeat of a run's
// activities to the batcher, before the SDK throttles it. For the activities of
// wrapped workflows, which may not know of opstruth, it beats to the record for
// as long as they are at work, and lets them report to r.
func Heartbeats(b *Batcher, r operation.Reporter) interceptor.WorkerInterceptor {
	return &heartbeats{batcher: b, reporter: r}
}

type heartbeats struct {
	interceptor.WorkerInterceptorBase

	batcher  *Batcher
	reporter operation.Reporter
}

// InterceptActivity is called once per attempt.
func (h *heartbeats) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &listener{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, heartbeats: h}
}

// listener hears the heartbeats of one attempt.
type listener struct {
	interceptor.ActivityInboundInterceptorBase
	*heartbeats

	attempt attempt
	started time.Time
	cancel  context.CancelCauseFunc
	heard   context.Context //nolint:containedctx // it is the attempt's own; once it ends, the record wants no more beats
}

// Init puts the listener between the activity and the SDK.
func (l *listener) Init(outbound interceptor.ActivityOutboundInterceptor) error {
	return l.Next.Init(&ear{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: outbound}, listener: l})
}

// ExecuteActivity gives the attempt a context that the record can cut off.
func (l *listener) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	root, ok := rootOf(ctx, info)
	if !ok {
		return l.Next.ExecuteActivity(ctx, in)
	}
	ctx, l.cancel = context.WithCancelCause(ctx)
	defer l.cancel(nil)
	l.heard = context.WithoutCancel(ctx)
	l.started = time.Now()
	l.attempt = attempt{
		run: root.RunID, temporalRun: root.TemporalRunID, activity: info.ActivityID, number: int(info.Attempt),
	}
	if contract.Own(info.ActivityType.Name) {
		l.attempt.stops = info.ActivityType.Name == contract.ActivityExecute
		defer l.batcher.End(l.attempt)
		return l.Next.ExecuteActivity(ctx, in)
	}
	l.attempt.shared, l.attempt.activity = true, info.WorkflowExecution.ID+"/"+info.ActivityID
	reporter := l.reporter
	if info.WorkflowExecution.ID != contract.WorkflowID(root.RunID) {
		// Whether a child workflow ends with its parent is Temporal's to say: where it
		// goes on, it only is of no more interest to the record.
		l.heard, l.cancel = context.WithCancelCause(l.heard)
		defer l.cancel(nil)
		l.attempt.aside, reporter = true, outliving{reporter}
	}
	defer l.batcher.End(l.attempt)
	defer l.beating(ctx, info.Deadline)()
	return l.Next.ExecuteActivity(operation.WithReporter(ctx, reporter, root.RunID), in)
}

// outliving takes the reports of a child workflow, which may be meant to go on after the run: its activities must not fail
// then, for they would be tried again for ever. The record discloses what came too late.
type outliving struct{ operation.Reporter }

func (o outliving) RecordItems(ctx context.Context, runID string, items []operation.Item) error {
	return unlessEnded(o.Reporter.RecordItems(ctx, runID, items))
}

func (o outliving) SavePlan(ctx context.Context, runID string, total int64, note string) error {
	return unlessEnded(o.Reporter.SavePlan(ctx, runID, total, note))
}

func unlessEnded(err error) error {
	if errors.Is(err, lifecycle.ErrEnded) {
		return nil
	}
	return err
}

// rootOf is the run that an activity works for: its workflow's own, or that of
// the wrapped workflow whose child its workflow is.
func rootOf(ctx context.Context, info activity.Info) (root contract.Root, ok bool) {
	if id, ok := contract.RunIDOf(info.WorkflowExecution.ID); ok {
		return contract.Root{RunID: id, TemporalRunID: info.WorkflowExecution.RunID}, true
	}
	p := interceptor.Header(ctx)[contract.RunHeader]
	ok = p != nil && converter.GetDefaultDataConverter().FromPayload(p, &root) == nil
	return root, ok
}

// beating tells the record, until stop is called, that the activity is at work
// here. It tells Temporal nothing: whether that expects heartbeats is the
// activity's own affair. A cancel does not end it: who winds down is still at work.
// An attempt that Temporal has given up is not, though it may not look at its
// context: past its deadline, or once Temporal knows it no more.
func (l *listener) beating(ctx context.Context, deadline time.Time) (stop func()) {
	heard, quit := l.heard, func() {}
	if deadline.IsZero() {
		heard, quit = context.WithCancel(heard)
	} else {
		heard, quit = context.WithDeadline(heard, deadline)
	}
	l.heard = heard
	beat := func() { l.batcher.Beat(l.attempt, l.started, nil, l.cancel) }
	beat()
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(l.batcher.timing.HeartbeatEvery)
		defer ticker.Stop()
		told := ctx.Done()
		for {
			select {
			case <-heard.Done():
				return
			case <-told:
				told = nil
				var gone *serviceerror.NotFound
				if errors.As(context.Cause(ctx), &gone) {
					quit()
				}
			case <-ticker.C:
				beat()
			}
		}
	})
	return func() {
		quit()
		wg.Wait()
	}
}

type ear struct {
	interceptor.ActivityOutboundInterceptorBase

	listener *listener
}

// RecordHeartbeat hears a beat and passes it on.
func (e *ear) RecordHeartbeat(ctx context.Context, details ...any) {
	if l := e.listener; l.cancel != nil && l.heard.Err() == nil {
		l.batcher.Beat(l.attempt, l.started, heldIn(details), l.cancel)
	}
	e.Next.RecordHeartbeat(ctx, details...)
}

func heldIn(details []any) *contract.Held {
	for _, d := range details {
		if held, ok := d.(contract.Held); ok {
			return &held
		}
	}
	return nil
}
