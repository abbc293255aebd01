package workflows

import (
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/internal/waits"
	"github.com/opstruth/opstruth/workflows/contract"
)

// Interceptor lets a worker follow what wrapped workflows wait for, and tells
// their child workflows whose they are.
func Interceptor() interceptor.WorkerInterceptor { return &following{} }

type following struct {
	interceptor.WorkerInterceptorBase
}

func (*following) InterceptWorkflow(
	_ workflow.Context, next interceptor.WorkflowInboundInterceptor,
) interceptor.WorkflowInboundInterceptor {
	return &inbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, tracker: &waits.Tracker{}}
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase

	tracker *waits.Tracker
	root    *contract.Root // nil in workflows that belong to no run
}

func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&outbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: next}, inbound: i})
}

func (i *inbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	execution := workflow.GetInfo(ctx).WorkflowExecution
	var root contract.Root
	if id, ok := contract.RunIDOf(execution.ID); ok {
		i.root = &contract.Root{RunID: id, TemporalRunID: execution.RunID}
	} else if p := interceptor.WorkflowHeader(ctx)[contract.RunHeader]; p != nil &&
		converter.GetDefaultDataConverter().FromPayload(p, &root) == nil {
		i.root = &root
	}
	return i.Next.ExecuteWorkflow(waits.With(ctx, i.tracker), in)
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase

	inbound *inbound
}

func (o *outbound) follow(f workflow.Future) { o.inbound.tracker.Pending(f) }

// mark makes what is started know its run.
func (o *outbound) mark(ctx workflow.Context) {
	header := interceptor.WorkflowHeader(ctx)
	if o.inbound.root == nil || header == nil {
		return
	}
	if p, err := converter.GetDefaultDataConverter().ToPayload(*o.inbound.root); err == nil {
		header[contract.RunHeader] = p
	}
}

func (o *outbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	if contract.Own(name) {
		return o.Next.ExecuteActivity(ctx, name, args...)
	}
	o.mark(ctx)
	f := o.Next.ExecuteActivity(ctx, name, args...)
	o.follow(f)
	return f
}

func (o *outbound) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o.mark(ctx)
	f := o.Next.ExecuteLocalActivity(ctx, name, args...)
	o.follow(f)
	return f
}

func (o *outbound) ExecuteChildWorkflow(ctx workflow.Context, name string, args ...any) workflow.ChildWorkflowFuture {
	o.mark(ctx)
	f := o.Next.ExecuteChildWorkflow(ctx, name, args...)
	o.inbound.tracker.Elsewhere(f)
	return f
}

// NewContinueAsNewError makes a child's next execution know the run, too: the SDK begins its header anew. The run's own
// workflow is known by its id.
func (o *outbound) NewContinueAsNewError(ctx workflow.Context, wfn any, args ...any) error {
	o.mark(ctx)
	return o.Next.NewContinueAsNewError(ctx, wfn, args...)
}

func (o *outbound) ExecuteNexusOperation(
	ctx workflow.Context, in interceptor.ExecuteNexusOperationInput,
) workflow.NexusOperationFuture {
	f := o.Next.ExecuteNexusOperation(ctx, in)
	o.inbound.tracker.Elsewhere(f)
	return f
}

func (o *outbound) NewTimer(ctx workflow.Context, d time.Duration) workflow.Future {
	return o.NewTimerWithOptions(ctx, d, workflow.TimerOptions{})
}

// NewTimerWithOptions is also behind workflow.Sleep and workflow.AwaitWithTimeout.
func (o *outbound) NewTimerWithOptions(ctx workflow.Context, d time.Duration, options workflow.TimerOptions) workflow.Future {
	f := o.Next.NewTimerWithOptions(ctx, d, options)
	o.inbound.tracker.Timer(f, waits.Wait{Until: workflow.Now(ctx).Add(d), Reason: reasonOf(options.Summary)})
	return f
}

func reasonOf(summary string) string {
	switch summary {
	case "", "Sleep", "AwaitWithTimeout", "AwaitWithOptions": // the SDK's own
		return "a timer of its workflow"
	}
	return summary
}
