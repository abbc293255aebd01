package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// historyLimit is the number of events after which a run goes on as a new
// execution, where the server does not ask for one before. What one chunk and
// its wait add is far below the rest to 2,000.
const historyLimit = 1500

// Run leads one operation run from its begin to its recorded end. Whatever ends
// the work, the end is recorded before the workflow closes; what the workflow
// then returns only tells Temporal the same.
func (rs *runs) Run(ctx workflow.Context, in contract.RunInput) (contract.RunResult, error) {
	r := &run{types: rs.types, in: in, answer: contract.LifecycleAnswer{
		RunID: in.RunID, Status: lifecycle.Queued, Outcome: lifecycle.Pending, Cursor: in.Cursor,
	}}
	err := workflow.SetQueryHandler(ctx, contract.LifecycleQuery, func() (contract.LifecycleAnswer, error) {
		return r.answer, nil
	})
	if err != nil {
		return contract.RunResult{}, err
	}

	end, err := r.work(ctx)
	var again *workflow.ContinueAsNewError
	if errors.As(err, &again) {
		return contract.RunResult{}, err
	}
	if end.recorded == "" {
		if err != nil {
			end = endOf(ctx, err)
		}
		if end, err = r.record(ctx, end); err != nil {
			return contract.RunResult{}, err
		}
	}
	r.answer.Status, r.answer.Outcome, r.answer.Step = lifecycle.Completed, end.recorded, ""
	return contract.RunResult{Outcome: end.recorded}, end.close()
}

// runs lead the runs of all types.
type runs struct{ types *operation.Registry }

// run is the state of one execution.
type run struct {
	types  *operation.Registry
	in     contract.RunInput
	answer contract.LifecycleAnswer
	waits  int
}

// work does the steps in order until something ends them. An error ends the
// run, or continues it as a new execution.
func (r *run) work(plain workflow.Context) (end, error) {
	ctx := workflow.WithActivityOptions(plain, stepOptions(r.in.HeartbeatTimeout))
	step := contract.StepInput{RunID: r.in.RunID, Resumed: r.in.Planned}

	var begun contract.BeginResult
	if err := r.step(ctx, contract.ActivityBegin, step, &begun); err != nil {
		return end{}, err
	}
	if begun.Ended != "" {
		return end{recorded: begun.Ended, failure: lifecycle.Failure{Message: "the run had ended before"}}, nil
	}
	if begun.Cancelled {
		return cancelled(), nil
	}
	r.answer.Status = lifecycle.Running
	if begun.Wrapped != nil {
		result, err := r.wrapped(plain, *begun.Wrapped)
		if err != nil {
			return wrappedEnd(err)
		}
		step.Result = result
		apart, cancel := workflow.NewDisconnectedContext(ctx) // it has finished, whatever was asked for meanwhile
		defer cancel()
		return end{}, r.step(apart, contract.ActivityFinish, step, nil)
	}

	if !r.in.Planned && !begun.NoPlan {
		var plan contract.PlanResult
		if err := r.step(ctx, contract.ActivityPlan, step, &plan); err != nil {
			return end{}, err
		}
		r.in.Cursor = plan.Cursor
	}
	r.in.Planned = true
	if stopped, err := r.execute(ctx); err != nil || stopped {
		return cancelled(), err
	}
	if begun.NoFinish {
		return end{}, nil
	}
	return end{}, r.step(ctx, contract.ActivityFinish, step, nil)
}

// execute does chunk after chunk; an activity does as many of them as are quick.
// It reports whether the record asked it to stop.
func (r *run) execute(ctx workflow.Context) (stopped bool, err error) {
	for {
		r.answer.Cursor = r.in.Cursor
		info := workflow.GetInfo(ctx)
		if info.GetContinueAsNewSuggested() || info.GetCurrentHistoryLength() >= historyLimit {
			break
		}
		var chunk contract.ExecuteResult
		input := contract.ExecuteInput{RunID: r.in.RunID, Cursor: r.in.Cursor, Woken: r.in.Woken}
		if err := r.step(ctx, contract.ActivityExecute, input, &chunk); err != nil {
			return false, err
		}
		r.in.Woken = false
		if chunk.Cancelled || chunk.Done {
			return chunk.Cancelled, nil
		}
		r.in.Cursor = chunk.Cursor
		if chunk.Wait != nil {
			if err := r.wait(ctx, *chunk.Wait); err != nil {
				return false, err
			}
		}
	}
	// A wake that was not met yet must not be lost between the executions.
	if workflow.GetSignalChannel(ctx, contract.WakeSignal).ReceiveAsync(nil) {
		r.in.Woken = true
	}
	return false, workflow.NewContinueAsNewError(ctx, contract.RunWorkflow, r.in)
}

func (r *run) step(ctx workflow.Context, activity string, input, result any) error {
	r.answer.Step = activity
	err := workflow.ExecuteActivity(ctx, activity, input).Get(ctx, result)
	r.answer.Step = ""
	return err
}
