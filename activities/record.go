package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

// RecordWait declares a durable wait.
func (s *Steps) RecordWait(ctx context.Context, in contract.WaitInput) error {
	w := lifecycle.Wait{ID: in.WaitID, Kind: lifecycle.DurableWait, Reason: in.Wait.Reason}
	return s.waitWritten(in, s.Record.DeclareWait(ctx, in.RunID, w, in.Wait.For))
}

// EndWait ends a durable wait.
func (s *Steps) EndWait(ctx context.Context, in contract.WaitInput) error {
	return s.waitWritten(in, s.Record.EndWait(ctx, in.RunID, in.WaitID))
}

func (s *Steps) waitWritten(in contract.WaitInput, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, lifecycle.ErrEnded):
		return s.ended(err)
	}
	return fmt.Errorf("record wait %s of run %s: %w", in.WaitID, in.RunID, err)
}

// RecordEnd writes the terminal record, unless somebody else has ended the run:
// then what the work came to is disclosed and not applied.
func (s *Steps) RecordEnd(ctx context.Context, in contract.EndInput) (contract.EndResult, error) {
	run, err := s.read(ctx, in.RunID)
	if err != nil {
		return contract.EndResult{}, err
	}
	if in.Ended && run.Facts.Status == lifecycle.Completed {
		err := s.wentOn(ctx, run)
		return contract.EndResult{Outcome: run.Facts.Outcome, Failure: run.Facts.Failure, Late: true}, err
	}
	was := run.Facts.Status
	run, err = s.Record.Transition(ctx, in.RunID, lifecycle.Change{
		Kind: lifecycle.Finished, Actor: actor, Token: in.Token, Outcome: in.Outcome, Failure: in.Failure,
		Waited: waited(ctx),
	})
	switch {
	case err == nil && was.Active():
		s.Measure.RunEnded(run.Facts.Type, run.Facts.Outcome, run.Facts.CompletedAt.Sub(run.Facts.QueuedAt))
	case err == nil, errors.Is(err, lifecycle.ErrUnchanged):
	case errors.Is(err, lifecycle.ErrEnded):
		return s.late(ctx, in, run)
	case errors.Is(err, lifecycle.ErrNotAllowed):
		return contract.EndResult{}, temporal.NewNonRetryableApplicationError("the record refuses this end", contract.ErrorFailed, err)
	default:
		return contract.EndResult{}, fmt.Errorf("record the end of run %s: %w", in.RunID, err)
	}
	return contract.EndResult{Outcome: run.Facts.Outcome, Failure: run.Facts.Failure}, nil
}

// waited is for how long an end could not be written. Only a record that is away makes the step that writes it fail.
// Both times are Temporal's.
func waited(ctx context.Context) time.Duration {
	if !activity.IsActivity(ctx) {
		return 0
	}
	info := activity.GetInfo(ctx)
	if info.Attempt <= 1 {
		return 0
	}
	return info.StartedTime.Sub(info.ScheduledTime)
}

// late discloses an end that came after the run had ended.
func (s *Steps) late(ctx context.Context, in contract.EndInput, run models.Run) (contract.EndResult, error) {
	if in.Outcome == "" {
		in.Outcome, in.Failure = run.Facts.Counts.End()
	}
	note := "ended " + string(in.Outcome)
	if in.Failure.Message != "" {
		note += ": " + in.Failure.Message
	}
	err := s.disclose(ctx, in.RunID, note)
	return contract.EndResult{Outcome: run.Facts.Outcome, Failure: run.Facts.Failure, Late: true}, err
}

// wentOn discloses a workflow that goes on, or begins, after its run has ended. It does no work.
func (s *Steps) wentOn(ctx context.Context, run models.Run) error {
	return s.disclose(ctx, run.ID, "its workflow went on after the end, as a reset makes it do; it did no work")
}

// disclose tells once what came after the end.
func (s *Steps) disclose(ctx context.Context, runID, note string) error {
	_, err := s.Record.Transition(ctx, runID, lifecycle.Change{Kind: lifecycle.LateReported, Actor: actor, Note: note})
	switch {
	case err == nil:
		s.Measure.LateResult()
	case !errors.Is(err, lifecycle.ErrUnchanged):
		return fmt.Errorf("record the late result of run %s: %w", runID, err)
	}
	return nil
}
