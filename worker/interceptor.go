package worker

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/opstruth/opstruth/workflows/contract"
)

// Heartbeats is the interceptor that shows every heartbeat of a run's
// activities to the batcher, before the SDK throttles it.
func Heartbeats(b *Batcher) interceptor.WorkerInterceptor { return &heartbeats{batcher: b} }

type heartbeats struct {
	interceptor.WorkerInterceptorBase

	batcher *Batcher
}

// InterceptActivity is called once per attempt.
func (h *heartbeats) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &listener{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, batcher: h.batcher}
}

// listener hears the heartbeats of one attempt.
type listener struct {
	interceptor.ActivityInboundInterceptorBase

	batcher *Batcher
	attempt attempt
	started time.Time
	cancel  context.CancelCauseFunc
}

// Init puts the listener between the activity and the SDK.
func (l *listener) Init(outbound interceptor.ActivityOutboundInterceptor) error {
	return l.Next.Init(&ear{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: outbound}, listener: l})
}

// ExecuteActivity gives the attempt a context that the record can cut off.
func (l *listener) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	run, ok := contract.RunIDOf(info.WorkflowExecution.ID)
	if !ok {
		return l.Next.ExecuteActivity(ctx, in)
	}
	ctx, l.cancel = context.WithCancelCause(ctx)
	defer l.cancel(nil)
	l.started = time.Now()
	l.attempt = attempt{
		run: run, temporalRun: info.WorkflowExecution.RunID, activity: info.ActivityID, number: int(info.Attempt),
	}
	defer l.batcher.End(l.attempt)
	return l.Next.ExecuteActivity(ctx, in)
}

type ear struct {
	interceptor.ActivityOutboundInterceptorBase

	listener *listener
}

// RecordHeartbeat hears a beat and passes it on.
func (e *ear) RecordHeartbeat(ctx context.Context, details ...any) {
	if l := e.listener; l.cancel != nil {
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
