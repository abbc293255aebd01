package simulate

import (
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/workflows/contract"
)

// panicCursor is where a run with panic_workflow begins its work. Only the plan of this package hands it out.
const panicCursor = "panic"

// Panics makes the workflow of a run with panic_workflow panic for real, at the moment it would start to work and at every
// further attempt: the run workflow itself has no part in it. A worker without this interceptor fails such a run instead.
func Panics() interceptor.WorkerInterceptor { return &panics{} }

type panics struct {
	interceptor.WorkerInterceptorBase
}

func (*panics) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := &inbound{}
	i.Next = next
	return i
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	o := &outbound{}
	o.Next = next
	return i.Next.Init(o)
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
}

// ExecuteActivity decides by the arguments alone, so that a replay panics at the same place.
func (o *outbound) ExecuteActivity(ctx workflow.Context, activity string, args ...any) workflow.Future {
	if activity == contract.ActivityExecute && len(args) == 1 {
		if in, ok := args[0].(contract.ExecuteInput); ok && in.Cursor == panicCursor {
			panic("the simulated run was asked to panic in its workflow")
		}
	}
	return o.Next.ExecuteActivity(ctx, activity, args...)
}
