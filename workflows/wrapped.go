package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"github.com/opstruth/opstruth/internal/waits"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/workflows/contract"
)

// wrapped runs the workflow that the run's type wraps, in this very execution.
// That it is to be run was decided by the activity that began the run, so that a
// worker which does not know it fails here, visibly, and takes no other way.
func (r *run) wrapped(ctx workflow.Context, w contract.Wrapped) (json.RawMessage, error) {
	d, ok := r.types.Lookup(r.in.Type)
	if !ok || !d.Wraps() {
		panic(fmt.Sprintf("operation type %q wraps no workflow in this worker; start one that has it", r.in.Type))
	}
	stop := r.declareWaits(ctx, w.MayIdle)
	defer stop()
	var (
		result json.RawMessage
		err    error
	)
	if r.in.Carried == nil {
		result, err = d.Begin(ctx, w.Input)
	} else {
		result, err = d.Continue(ctx, r.carried)
	}
	var again *workflow.ContinueAsNewError
	if !errors.As(err, &again) {
		return result, err
	}
	if name := again.WorkflowType.Name; name != d.WorkflowName() {
		return nil, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("the workflow continues as %q, but only %q is wrapped", name, d.WorkflowName()), contract.ErrorFailed, nil)
	}
	return nil, r.goOn(ctx, again)
}

// goOn continues the run as the wrapped workflow wants to be continued.
func (r *run) goOn(ctx workflow.Context, again *workflow.ContinueAsNewError) error {
	input := again.Input
	if input == nil {
		input = &commonpb.Payloads{}
	}
	carried, err := proto.MarshalOptions{Deterministic: true}.Marshal(input)
	if err != nil {
		return fmt.Errorf("carry the arguments of the workflow: %w", err)
	}
	if carried == nil {
		carried = []byte{}
	}
	r.in.Planned, r.in.Carried = true, carried
	return workflow.NewContinueAsNewErrorWithOptions(ctx, workflow.ContinueAsNewErrorOptions{
		BackoffStartInterval: again.BackoffStartInterval,
	}, contract.RunWorkflow, r.in)
}

func (r *run) carried(into ...any) error {
	var payloads commonpb.Payloads
	if err := proto.Unmarshal(r.in.Carried, &payloads); err != nil {
		return err
	}
	return converter.GetDefaultDataConverter().FromPayloads(&payloads, into...)
}

// wrappedEnd translates the error of a wrapped workflow as Temporal would: only a
// cancel that it passes on is one, whatever was asked for.
func wrappedEnd(err error) (end, error) {
	var (
		again   *workflow.ContinueAsNewError
		app     *temporal.ApplicationError
		timeout *temporal.TimeoutError
		act     *temporal.ActivityError
	)
	if errors.As(err, &again) {
		return end{}, err
	}
	failed := func(code, message string) (end, error) {
		return end{outcome: lifecycle.Failed, failure: lifecycle.Failure{Code: code, Message: message}}, nil
	}
	switch {
	case temporal.IsCanceledError(err):
		return cancelled(), nil
	case errors.As(err, &app) && app.Type() == contract.ErrorEnded, errors.As(err, &app) && app.Type() == contract.ErrorBlocked:
		return end{}, err
	case errors.As(err, &app):
		if app.Type() == "" || app.Type() == contract.ErrorFailed {
			return failed("operation_failed", app.Message())
		}
		return failed(app.Type(), app.Message())
	case errors.As(err, &timeout) && errors.As(err, &act):
		return failed("timed_out", fmt.Sprintf("activity %s timed out (%v)", act.ActivityType().GetName(), timeout.TimeoutType()))
	}
	return failed("operation_failed", err.Error())
}

// declareWaits tells the record what the wrapped workflow waits for, until stop
// is called: its timers, what its author declares, and what the type allows.
func (r *run) declareWaits(ctx workflow.Context, mayIdle time.Duration) (stop func()) {
	tracker := waits.From(ctx)
	if tracker == nil {
		return func() {}
	}
	// A cancelled workflow may still wait while it cleans up.
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	ctx = workflow.WithActivityOptions(ctx, recordOptions())
	d := &declared{run: r, tracker: tracker, mayIdle: mayIdle, least: r.in.HeartbeatTimeout / 2}
	workflow.Go(ctx, d.follow)
	return func() { d.stopped = true }
}

// declared keeps the record's view of what a wrapped workflow waits for.
type declared struct {
	run     *run
	tracker *waits.Tracker
	mayIdle time.Duration
	least   time.Duration // shorter waits end before anybody wonders
	now     waits.Wait    // as the record knows it
	id      string
	stopped bool
}

func (d *declared) follow(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return d.stopped || d.want(ctx) != d.now }); err != nil || d.stopped {
			return
		}
		// The other parts of the workflow take their turn before: one that was waked may
		// be about to go on.
		turn := false
		workflow.Go(ctx, func(workflow.Context) { turn = true })
		if err := workflow.Await(ctx, func() bool { return turn }); err != nil || d.stopped {
			return
		}
		if !d.tell(ctx, d.want(ctx)) {
			return
		}
	}
}

func (d *declared) want(ctx workflow.Context) waits.Wait {
	return d.tracker.Want(workflow.Now(ctx), d.mayIdle, d.least)
}

// tell brings the record up to date. It reports whether there is a point in going on.
func (d *declared) tell(ctx workflow.Context, w waits.Wait) bool {
	if w == d.now {
		return true
	}
	now := workflow.Now(ctx)
	var err error
	switch input := (contract.WaitInput{RunID: d.run.in.RunID}); {
	case !w.Until.IsZero():
		if d.now.Until.IsZero() {
			d.run.waits++
			d.id = d.run.waitID(ctx)
		}
		input.WaitID, input.Wait = d.id, contract.Wait{For: max(0, w.Until.Sub(now)), Reason: w.Reason}
		err = workflow.ExecuteActivity(ctx, contract.ActivityRecordWait, input).Get(ctx, nil)
		d.run.answer.Wait = &input.Wait
	case d.now.Until.Sub(now) > d.least:
		input.WaitID = d.id
		err = workflow.ExecuteActivity(ctx, contract.ActivityEndWait, input).Get(ctx, nil)
		d.run.answer.Wait = nil
	default: // it has run out, and the record knows
		d.run.answer.Wait = nil
	}
	d.now = w
	return err == nil
}

// waitID is unique in the run and the same whenever this history is replayed.
func (r *run) waitID(ctx workflow.Context) string {
	return workflow.GetInfo(ctx).OriginalRunID + "-" + strconv.Itoa(r.waits)
}
