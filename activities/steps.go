package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// resultArtifact is what a wrapped workflow returned.
const resultArtifact = "result.json"

// RunRecord is what the steps of a run need of the record.
type RunRecord interface {
	Run(ctx context.Context, s models.Scope, id string) (models.Run, time.Time, error)
	Transition(ctx context.Context, runID string, c lifecycle.Change) (models.Run, error)
	SavePlan(ctx context.Context, runID string, total int64, note string) error
	RecordItems(ctx context.Context, runID string, items []models.Item) error
	SaveArtifact(ctx context.Context, runID, name, contentType string, body []byte) error
	DeclareWait(ctx context.Context, runID string, w lifecycle.Wait, lasts time.Duration) error
	EndWait(ctx context.Context, runID, waitID string) error
	LeaveWaits(ctx context.Context, runID string) error
}

// RunMeasure is what the steps count. See internal/metrics.
type RunMeasure interface {
	RunEnded(operation string, outcome lifecycle.Outcome, took time.Duration)
	LateResult()
}

// Steps has the activities of a run: the author's code, and what is recorded
// around it.
type Steps struct {
	Record  RunRecord
	Types   *operation.Registry
	Timing  lifecycle.Timing
	Measure RunMeasure
	Logger  *slog.Logger

	// Batch is how long chunks may follow one another within one activity; 30 s
	// if zero.
	Batch time.Duration
}

// Register registers the activities of a run.
func (s *Steps) Register(to Registry) {
	for name, f := range map[string]any{
		contract.ActivityBegin:      s.Begin,
		contract.ActivityPlan:       s.Plan,
		contract.ActivityExecute:    s.Execute,
		contract.ActivityFinish:     s.Finish,
		contract.ActivityRecordWait: s.RecordWait,
		contract.ActivityEndWait:    s.EndWait,
		contract.ActivityRecordEnd:  s.RecordEnd,
	} {
		to.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
}

// Begin records that the run is worked on, and tests its preconditions.
func (s *Steps) Begin(ctx context.Context, in contract.StepInput) (contract.BeginResult, error) {
	run, err := s.read(ctx, in.RunID)
	if err != nil {
		return contract.BeginResult{}, err
	}
	if run.Facts.Status.Active() && !run.Facts.Cancel.At.IsZero() {
		return contract.BeginResult{Cancelled: true}, nil
	}
	if run.Facts.Status.Active() {
		run, err = s.Record.Transition(ctx, in.RunID, lifecycle.Change{Kind: lifecycle.Started, Actor: actor})
		if err != nil && !errors.Is(err, lifecycle.ErrUnchanged) && !errors.Is(err, lifecycle.ErrEnded) {
			return contract.BeginResult{}, fmt.Errorf("record the begin of run %s: %w", in.RunID, err)
		}
	}
	if run.Facts.Status == lifecycle.Completed {
		return contract.BeginResult{Ended: run.Facts.Outcome}, s.wentOn(ctx, run)
	}
	if run.Facts.Wait.ID != "" { // of the execution before, which went on as new or was reset
		if err := s.waitWritten(contract.WaitInput{RunID: in.RunID}, s.Record.LeaveWaits(ctx, in.RunID)); err != nil {
			return contract.BeginResult{}, err
		}
	}
	var begun contract.BeginResult
	err = s.host(ctx, run, func(ctx context.Context, d operation.Definition, h *host) error {
		begun.NoPlan, begun.NoFinish = !d.Plans(), !d.Finishes()
		if d.Wraps() {
			begun.Wrapped = &contract.Wrapped{MayIdle: d.MayIdle()}
		}
		if in.Resumed {
			return nil
		}
		if d.Wraps() {
			begun.Wrapped.Input = run.Input
		}
		return d.Check(ctx, h, info(run))
	})
	return begun, err
}

// Plan asks how much there is to do and where to begin.
func (s *Steps) Plan(ctx context.Context, in contract.StepInput) (contract.PlanResult, error) {
	run, err := s.active(ctx, in.RunID)
	if err != nil {
		return contract.PlanResult{}, err
	}
	var plan operation.Plan
	err = s.host(ctx, run, func(ctx context.Context, d operation.Definition, h *host) error {
		if plan, err = d.Plan(ctx, h, info(run)); err != nil || (plan.Total == 0 && plan.Note == "") {
			return err
		}
		return h.savePlan(ctx, plan.Total, plan.Note)
	})
	return contract.PlanResult{Cursor: plan.Cursor}, err
}

// Execute does a chunk, and those after it for as long as they are quick, unless
// the record asks to stop.
func (s *Steps) Execute(ctx context.Context, in contract.ExecuteInput) (contract.ExecuteResult, error) {
	run, err := s.active(ctx, in.RunID)
	if err != nil {
		return contract.ExecuteResult{}, err
	}
	if !run.Facts.Cancel.At.IsZero() {
		return contract.ExecuteResult{Cancelled: true}, nil
	}
	i := info(run)
	i.Woken = in.Woken
	var result contract.ExecuteResult
	err = s.host(ctx, run, func(ctx context.Context, d operation.Definition, h *host) error {
		result, err = s.chunks(ctx, d, h, i, in.Cursor)
		return err
	})
	return result, err
}

// Finish makes the results.
func (s *Steps) Finish(ctx context.Context, in contract.StepInput) error {
	run, err := s.active(ctx, in.RunID)
	if err != nil {
		return err
	}
	return s.host(ctx, run, func(ctx context.Context, d operation.Definition, h *host) error {
		if len(in.Result) > 0 {
			return h.Artifact(ctx, resultArtifact, "application/json", in.Result)
		}
		return d.Finish(ctx, h, info(run))
	})
}

// active reads a run that must not have ended.
func (s *Steps) active(ctx context.Context, id string) (models.Run, error) {
	run, err := s.read(ctx, id)
	if err == nil && run.Facts.Status == lifecycle.Completed {
		err = s.ended(lifecycle.ErrEnded)
	}
	return run, err
}

func (s *Steps) read(ctx context.Context, id string) (models.Run, error) {
	run, _, err := s.Record.Run(ctx, models.Engine(), id)
	if errors.Is(err, models.ErrNotFound) {
		return run, temporal.NewNonRetryableApplicationError("the run has no record", contract.ErrorFailed, err, "no_record")
	}
	if err != nil {
		return run, fmt.Errorf("read run %s: %w", id, err)
	}
	return run, nil
}

// ended makes a step stop for good where the record has ended already.
func (s *Steps) ended(err error) error {
	return temporal.NewNonRetryableApplicationError("the run had ended before this step did", contract.ErrorEnded, err)
}

func info(r models.Run) operation.Info {
	return operation.Info{
		ID: r.ID, WorkspaceID: r.WorkspaceID, TenantID: r.TenantID,
		Type: r.Facts.Type, Target: r.Facts.Target, Input: r.Input, RetryOf: r.Facts.RetryOf,
	}
}
