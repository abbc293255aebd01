package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/workflows/contract"
)

const (
	scheduleTimeout = 10 * time.Second
	// catchUp is how late a pass may start. Older ones are pointless: the next judges the same runs.
	catchUp = 10 * time.Second
	// passLimit ends a pass that hangs, so that it cannot hold back the following ones for ever.
	passLimit = time.Minute
	// passTask bounds one decision of a pass's workflow: after a crash of its worker it is taken over this much later.
	passTask = 5 * time.Second
)

// EnsureSchedule makes the schedule that starts a pass of the reconciler every PassEvery, in whole seconds. One that
// exists is brought up to date; a pause that somebody asked for is kept, and logged, because nothing is verified during it.
func EnsureSchedule(ctx context.Context, c client.Client, t lifecycle.Timing, logger *slog.Logger) error {
	if t.PassEvery < time.Second || t.PassEvery%time.Second != 0 {
		return fmt.Errorf("schedule the reconciler: its interval must be whole seconds, got %v", t.PassEvery)
	}
	ctx, cancel := context.WithTimeout(ctx, scheduleTimeout)
	defer cancel()
	want := passSchedule(t)
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: contract.ReconcileSchedule, Spec: *want.Spec, Action: want.Action,
		Overlap: want.Policy.Overlap, CatchupWindow: want.Policy.CatchupWindow, Note: want.State.Note,
	})
	if err == nil {
		return nil
	}
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("create the reconciler's schedule: %w", err)
	}
	err = c.ScheduleClient().GetHandle(ctx, contract.ReconcileSchedule).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			s := passSchedule(t)
			if was := in.Description.Schedule.State; was != nil {
				s.State.Paused, s.State.Note = was.Paused, was.Note
			}
			if s.State.Paused {
				logger.WarnContext(ctx, "the reconciler's schedule is paused: no run is verified until it is unpaused in Temporal",
					"schedule", contract.ReconcileSchedule, "note", s.State.Note)
			}
			return &client.ScheduleUpdate{Schedule: s}, nil
		},
	})
	if err != nil {
		return fmt.Errorf("update the reconciler's schedule: %w", err)
	}
	return nil
}

func passSchedule(t lifecycle.Timing) *client.Schedule {
	return &client.Schedule{
		Spec: &client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: t.PassEvery}}},
		Action: &client.ScheduleWorkflowAction{
			ID: contract.ReconcileSchedule + "-pass", Workflow: contract.ReconcileWorkflow, TaskQueue: contract.ReconcileQueue,
			WorkflowExecutionTimeout: passLimit, WorkflowTaskTimeout: passTask,
		},
		Policy: &client.SchedulePolicies{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: catchUp},
		State:  &client.ScheduleState{Note: "opstruth: one pass of the reconciler at a time"},
	}
}

func missing(err error) bool {
	var notFound *serviceerror.NotFound
	return errors.As(err, &notFound)
}
