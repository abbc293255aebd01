package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/workflows/contract"
)

// end is how the work ended, and how the record says that the run did.
type end struct {
	outcome  lifecycle.Outcome // empty where the items decide
	failure  lifecycle.Failure
	recorded lifecycle.Outcome // empty until it is recorded
	before   bool              // the record had ended before
}

func cancelled() end { return end{outcome: lifecycle.Cancelled} }

// endOf translates the error that ended the work. Of a run whose record has ended
// already, as after a reset from outside, the record says how.
func endOf(ctx workflow.Context, err error) end {
	var app *temporal.ApplicationError
	isApp := errors.As(err, &app)
	if isApp && app.Type() == contract.ErrorEnded {
		return end{before: true, outcome: lifecycle.Failed, failure: lifecycle.Failure{Code: "internal", Message: app.Message()}}
	}
	known := isApp && (app.Type() == contract.ErrorBlocked || app.Type() == contract.ErrorFailed)
	// Temporal retries no step whose cancel was asked for, so whatever error it
	// then ends with is the cancel's doing.
	if ctx.Err() != nil && !known {
		return cancelled()
	}
	e := end{outcome: lifecycle.Failed, failure: lifecycle.Failure{Code: "internal", Message: err.Error()}}
	if app == nil {
		return e
	}
	e.failure = lifecycle.Failure{Code: "operation_failed", Message: app.Message()}
	var code string
	if app.HasDetails() && app.Details(&code) == nil && code != "" {
		e.failure.Code = code
	}
	if app.Type() == contract.ErrorBlocked {
		e.outcome = lifecycle.Blocked
	}
	return e
}

// record writes the terminal record. It must land whatever happens to the
// workflow meanwhile, so a cancel does not reach it.
func (r *run) record(ctx workflow.Context, e end) (end, error) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	ctx = workflow.WithActivityOptions(ctx, recordOptions())
	input := contract.EndInput{
		// The id stays after a reset: an end that was recorded before one is no other end.
		RunID: r.in.RunID, Token: workflow.GetInfo(ctx).WorkflowExecution.ID, Outcome: e.outcome, Failure: e.failure, Ended: e.before,
	}
	var result contract.EndResult
	if err := r.step(ctx, contract.ActivityRecordEnd, input, &result); err != nil {
		return e, err
	}
	return end{recorded: result.Outcome, failure: result.Failure}, nil
}

// close makes Temporal tell the same end as the record.
func (e end) close() error {
	switch e.recorded {
	case lifecycle.Cancelled:
		return temporal.NewCanceledError()
	case lifecycle.Failed:
		return temporal.NewNonRetryableApplicationError(e.failure.Message, contract.ErrorFailed, nil)
	case lifecycle.Succeeded, lifecycle.PartiallySucceeded, lifecycle.Blocked, lifecycle.Pending:
	}
	return nil
}
