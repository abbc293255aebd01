package causes

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/opstruth/opstruth/internal/start"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/operation"
	"github.com/opstruth/opstruth/workflows/contract"
)

// job is what a workflow of its own takes. The workflow and its activities stand for code that knows nothing of
// opstruth: no activity heartbeats, and none has a heartbeat timeout.
type job struct {
	Mode  string `json:"mode"`
	MS    int    `json:"ms"`
	Round int    `json:"round"`
}

func jobWorkflow(ctx workflow.Context, j job) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Hour})
	switch j.Mode {
	case "fail":
		return "", errors.New("disk is gone")
	case "sleep":
		if err := workflow.Sleep(ctx, time.Duration(j.MS)*time.Millisecond); err != nil {
			return "", err
		}
	case "signal":
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	case "continue":
		if j.Round < 2 {
			j.Round++
			return "", workflow.NewContinueAsNewError(ctx, jobWorkflow, j)
		}
	case "abandon":
		if j.Round == 0 {
			ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
				WorkflowID: abandoned(workflow.GetInfo(ctx).WorkflowExecution.ID), ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
			})
			if err := workflow.ExecuteChildWorkflow(ctx, childWorkflow, j).GetChildWorkflowExecution().Get(ctx, nil); err != nil {
				return "", err
			}
			j.Round++
			return "", workflow.NewContinueAsNewError(ctx, jobWorkflow, j)
		}
	case "child":
		ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: "job-child-" + workflow.GetInfo(ctx).WorkflowExecution.RunID})
		return "", workflow.ExecuteChildWorkflow(ctx, childWorkflow, j).Get(ctx, nil)
	}
	// Side by side, so that one is older than the other for as long as they last.
	first := workflow.ExecuteActivity(ctx, jobActivity, j, "a")
	if err := workflow.Sleep(ctx, 10*time.Millisecond); err != nil {
		return "", err
	}
	second := workflow.ExecuteActivity(ctx, jobActivity, j, "b")
	return "round " + strconv.Itoa(j.Round), errors.Join(first.Get(ctx, nil), second.Get(ctx, nil))
}

// abandoned is the id of the child that the workflow of this id leaves behind.
func abandoned(id string) string { return "abandoned-by-" + id }

func childWorkflow(ctx workflow.Context, j job) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Hour})
	if j.Mode == "abandon" && j.Round == 0 { // its activity begins after those of its parent, and in an execution of its own
		if err := workflow.Sleep(ctx, slow*2*time.Second); err != nil {
			return err
		}
		j.Round, j.MS = 1, 2*j.MS
		return workflow.NewContinueAsNewError(ctx, childWorkflow, j)
	}
	return workflow.ExecuteActivity(ctx, jobActivity, j, "of the child").Get(ctx, nil)
}

func jobActivity(ctx context.Context, j job, item string) error {
	if j.Mode == "abandon" && activity.GetInfo(ctx).Attempt > 1 {
		return temporal.NewNonRetryableApplicationError(item+" was cut off", "CutOff", nil)
	}
	if err := operation.ReportTotal(ctx, 2); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(time.Duration(j.MS) * time.Millisecond):
	}
	return operation.Report(ctx, operation.Item{Key: item, State: operation.ItemSucceeded})
}

// wrappedScenarios are types that wrap the same workflow, on queues of their own.
var wrappedScenarios = []string{"wrapped", "wrapkill", "wrapsleep", "wrapcancel"}

func wrappedTypes() (defs []operation.Definition) {
	for _, scenario := range wrappedScenarios {
		defs = append(defs, operation.Wrap(operation.Type[job]{
			Name: typeOf(scenario), Title: scenario, Queue: queueOf(scenario),
		}, jobWorkflow, operation.Wrapping{Register: func(r sdkworker.Registry) {
			r.RegisterWorkflow(childWorkflow)
			r.RegisterActivity(jobActivity)
		}}))
	}
	return defs
}

func (i *installation) startJob(t *testing.T, scenario string, j job) string {
	t.Helper()
	text, err := json.Marshal(j)
	require.NoError(t, err)
	run, _, err := i.starter.Start(t.Context(), start.Request{
		Type: typeOf(scenario), WorkspaceID: i.workspace, TenantID: i.tenant, Input: text,
	})
	require.NoError(t, err)
	return run.ID
}

// silent is longer than what makes silence suspicious.
func silent() int { return int((2*policy().StaleAfter + time.Second).Milliseconds()) }

// Not in parallel: what it asks for holds where a worker gets its turn within seconds.
func TestAWrappedWorkflowsLifeIsSeen(t *testing.T) {
	shared.worker(t, "wrapped")
	fresh := func(_ models.Run, truth lifecycle.Truth) bool {
		require.Contains(t, []lifecycle.Freshness{lifecycle.FreshActive, lifecycle.TerminalNormal}, truth.Freshness)
		return truth.Freshness == lifecycle.TerminalNormal
	}
	for _, mode := range []string{"work", "child", "continue"} {
		id := shared.startJob(t, "wrapped", job{Mode: mode, MS: silent()})
		ended, _ := shared.await(t, id, "ended", patience, fresh)
		require.Zero(t, ended.Facts.StaleEpisodes, shared.story(t, id))
		if mode == "child" {
			require.Equal(t, lifecycle.PartiallySucceeded, ended.Facts.Outcome, "one of two items")
			continue
		}
		require.Equal(t, lifecycle.Succeeded, ended.Facts.Outcome, shared.story(t, id))
		require.Equal(t, lifecycle.Counts{Total: 2, Processed: 2, Succeeded: 2}, ended.Facts.Counts)
		result, err := shared.store.Artifact(t.Context(), models.Engine(), id, "result.json")
		require.NoError(t, err)
		require.JSONEq(t, map[string]string{"work": `"round 0"`, "continue": `"round 2"`}[mode], string(result.Body))
	}
}

// The child's activity bears the name of the execution that started it, and begins later than what the next one does.
func TestAnAbandonedChildTakesNothingFromItsParent(t *testing.T) {
	shared.worker(t, "wrapped")
	id := shared.startJob(t, "wrapped", job{Mode: "abandon", MS: slow * 4000})
	ended, _ := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Succeeded, ended.Facts.Outcome, shared.story(t, id))
	require.Zero(t, ended.Facts.StaleEpisodes, shared.story(t, id))
	result, err := shared.store.Artifact(t.Context(), models.Engine(), id, "result.json")
	require.NoError(t, err)
	require.JSONEq(t, `"round 1"`, string(result.Body))

	require.NoError(t, shared.client.GetWorkflow(t.Context(), abandoned(contract.WorkflowID(id)), "").Get(t.Context(), nil), "it ends, too")
	late, _ := shared.run(t, id)
	require.Contains(t, late.Facts.Late.Summary, "of the child")
}

func TestAWrappedWorkflowFails(t *testing.T) {
	t.Parallel()

	shared.worker(t, "wrapped")
	id := shared.startJob(t, "wrapped", job{Mode: "fail"})
	ended, _ := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Failed, ended.Facts.Outcome)
	require.Equal(t, lifecycle.Failure{Code: "operation_failed", Message: "disk is gone"}, ended.Facts.Failure)
	require.Eventually(t, func() bool { // the workflow closes once the record has its end
		d, err := shared.client.DescribeWorkflowExecution(t.Context(), contract.WorkflowID(id), "")
		return err == nil && d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_FAILED
	}, patience, 20*time.Millisecond)
}

func TestAWrappedWorkflowAwaitsASignalThatNobodyDeclared(t *testing.T) {
	t.Parallel()

	shared.worker(t, "wrapped")
	id := shared.startJob(t, "wrapped", job{Mode: "signal"})
	shared.awaitStuck(t, id, lifecycle.IdleUndeclared)
	require.NoError(t, shared.client.SignalWorkflow(t.Context(), contract.WorkflowID(id), "", "go", nil), "its signals are where they were")
	ended, _ := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Succeeded, ended.Facts.Outcome)
	require.Equal(t, 1, ended.Facts.StaleEpisodes)
}

func TestAWrappedWorkflowSleeps(t *testing.T) {
	t.Parallel()

	w := shared.worker(t, "wrapsleep")
	id := shared.startJob(t, "wrapsleep", job{Mode: "sleep", MS: silent()})
	declared, _ := shared.await(t, id, "waiting", patience, func(_ models.Run, truth lifecycle.Truth) bool {
		return truth.State == lifecycle.StateWaiting
	})
	require.Equal(t, "a timer of its workflow", declared.Facts.Wait.Reason)
	w.kill() // a timer needs no worker
	shared.await(t, id, "near the end of its sleep", patience, func(_ models.Run, truth lifecycle.Truth) bool {
		require.Equal(t, lifecycle.FreshActive, truth.Freshness, shared.story(t, id))
		_, now := shared.run(t, id)
		return now.After(declared.Facts.Wait.Until.Add(-time.Second))
	})
	shared.worker(t, "wrapsleep")
	ended, _ := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Succeeded, ended.Facts.Outcome)
}

func TestTheWorkerOfAWrappedWorkflowIsKilled(t *testing.T) {
	t.Parallel()

	w := shared.worker(t, "wrapkill")
	id := shared.startJob(t, "wrapkill", job{Mode: "work", MS: 600_000})
	shared.await(t, id, "working", patience, func(r models.Run, _ lifecycle.Truth) bool { return r.Facts.Counts.Total == 2 })
	w.kill()
	run, _ := shared.awaitStuck(t, id, lifecycle.NoWorkers)
	require.Equal(t, lifecycle.ActivityStarted, run.Facts.Silence.Evidence.Activity)
}

func TestAWrappedWorkflowIsCancelled(t *testing.T) {
	t.Parallel()

	shared.worker(t, "wrapcancel")
	id := shared.startJob(t, "wrapcancel", job{Mode: "sleep", MS: 600_000})
	shared.await(t, id, "waiting", patience, func(_ models.Run, truth lifecycle.Truth) bool { return truth.State == lifecycle.StateWaiting })
	_, err := shared.store.Transition(t.Context(), id, lifecycle.Change{Kind: lifecycle.CancelRequested, Actor: "Olga"})
	require.NoError(t, err)
	ended, _ := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Cancelled, ended.Facts.Outcome)
	require.Empty(t, ended.Facts.Closing.ID, "by itself, not by force")
}
