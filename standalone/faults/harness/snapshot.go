package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/faults/check"
	"github.com/opstruth/opstruth/standalone/faults/work"
	"github.com/opstruth/opstruth/workflows/contract"
)

// snapshot reads all that is known at the end, past whatever faults are left.
func (s *site) snapshot(ctx context.Context, settings check.Settings, wants map[string]check.Want, seen []string) (check.Snapshot, error) {
	snap := check.Snapshot{Settings: settings, Faults: s.faults, Seen: seen}
	rows, _, err := s.store.Workers(ctx)
	if err != nil {
		return snap, err
	}
	snap.Rows = rows
	for _, n := range s.nodes {
		if n.role != work.RoleWorker {
			continue
		}
		lines, err := work.ReadLog(s.journal(n.name))
		if err != nil {
			return snap, err
		}
		snap.Workers = append(snap.Workers, check.Worker{Name: n.name, Queues: n.queues, Lives: n.up, Lines: lines})
	}
	runs, err := s.runs(ctx)
	if err != nil {
		return snap, err
	}
	counts, err := s.counts(ctx)
	if err != nil {
		return snap, err
	}
	for _, run := range runs {
		r := check.Run{
			Run: run, Want: wants[run.ID], Items: counts.items[run.ID], Notifications: counts.notifications[run.ID],
			Liveness: counts.liveness[run.ID], Waits: counts.waits[run.ID],
		}
		if err := json.Unmarshal(run.Input, &r.Input); err != nil {
			return snap, fmt.Errorf("read the input of run %s: %w", run.ID, err)
		}
		if r.Events, err = s.timeline(ctx, run.ID); err != nil {
			return snap, err
		}
		if r.Temporal, err = s.execution(ctx, run.ID); err != nil {
			return snap, err
		}
		snap.Runs = append(snap.Runs, r)
	}
	return snap, nil
}

// runs reads all runs.
func (s *site) runs(ctx context.Context) (all []models.Run, err error) {
	for page := (models.Page{Limit: 500}); ; {
		got, err := s.store.ListRuns(ctx, models.Engine(), models.Filter{}, page)
		if err != nil {
			return nil, err
		}
		all = append(all, got.Runs...)
		if page.Cursor = got.Next; page.Cursor == "" {
			return all, nil
		}
	}
}

// timeline reads a run's events, the oldest first.
func (s *site) timeline(ctx context.Context, id string) (all []models.Event, err error) {
	for page := (models.Page{Limit: 500}); ; {
		events, next, err := s.store.Timeline(ctx, models.Engine(), id, page)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
		if page.Cursor = next; page.Cursor == "" {
			slices.Reverse(all)
			return all, nil
		}
	}
}

// tallies are numbers of rows by run.
type tallies struct {
	items                          map[string]map[models.ItemState]int64
	notifications, liveness, waits map[string]int
}

// counts counts rows past the store's own queries, so that a mistake in them does not hide itself.
func (s *site) counts(ctx context.Context) (tallies, error) {
	t := tallies{items: map[string]map[models.ItemState]int64{}}
	var items []struct {
		RunID string
		State models.ItemState
		N     int64
	}
	err := s.store.DB().WithContext(ctx).Raw(`SELECT run_id, state, count(*) AS n FROM run_items GROUP BY run_id, state`).Scan(&items).Error
	if err != nil {
		return t, fmt.Errorf("count the items: %w", err)
	}
	for _, row := range items {
		if t.items[row.RunID] == nil {
			t.items[row.RunID] = map[models.ItemState]int64{}
		}
		t.items[row.RunID][row.State] = row.N
	}
	for table, into := range map[string]*map[string]int{"notifications": &t.notifications, "run_liveness": &t.liveness, "run_waits": &t.waits} {
		var rows []struct {
			RunID string
			N     int
		}
		if err := s.store.DB().WithContext(ctx).Raw(`SELECT run_id, count(*) AS n FROM ` + table + ` GROUP BY run_id`).Scan(&rows).Error; err != nil {
			return t, fmt.Errorf("count the rows of %s: %w", table, err)
		}
		*into = map[string]int{}
		for _, row := range rows {
			(*into)[row.RunID] = row.N
		}
	}
	return t, nil
}

var states = map[enumspb.WorkflowExecutionStatus]lifecycle.Execution{
	enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:    lifecycle.ExecRunning,
	enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:  lifecycle.ExecCompleted,
	enumspb.WORKFLOW_EXECUTION_STATUS_FAILED:     lifecycle.ExecFailed,
	enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:   lifecycle.ExecCancelled,
	enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED: lifecycle.ExecTerminated,
	enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:  lifecycle.ExecTimedOut,
}

// execution asks Temporal how a run's workflow ended.
func (s *site) execution(ctx context.Context, id string) (e check.Execution, err error) {
	workflow := contract.WorkflowID(id)
	d, err := s.client.DescribeWorkflowExecution(ctx, workflow, "")
	if missing := (*serviceerror.NotFound)(nil); errors.As(err, &missing) {
		return e, nil
	}
	if err != nil {
		return e, fmt.Errorf("describe the workflow of run %s: %w", id, err)
	}
	e.State = states[d.GetWorkflowExecutionInfo().GetStatus()]
	switch e.State {
	case lifecycle.ExecCompleted:
		var result contract.RunResult
		if err := s.client.GetWorkflow(ctx, workflow, "").Get(ctx, &result); err != nil {
			return e, fmt.Errorf("read the result of run %s: %w", id, err)
		}
		e.Result = result.Outcome
	case lifecycle.ExecTerminated:
		events := s.client.GetWorkflowHistory(ctx, workflow, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
		event, err := events.Next()
		if err != nil {
			return e, fmt.Errorf("read the end of run %s: %w", id, err)
		}
		e.Reason = event.GetWorkflowExecutionTerminatedEventAttributes().GetReason()
	case lifecycle.ExecRunning, lifecycle.ExecFailed, lifecycle.ExecCancelled, lifecycle.ExecTimedOut:
	}
	return e, nil
}
