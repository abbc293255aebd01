package causes

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/workflows/contract"
)

func service() workflowservice.WorkflowServiceClient { return shared.client.WorkflowService() }

func execution(id string) *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: contract.WorkflowID(id)}
}

func status(t *testing.T, id string) enumspb.WorkflowExecutionStatus {
	t.Helper()
	d, err := shared.client.DescribeWorkflowExecution(t.Context(), contract.WorkflowID(id), "")
	require.NoError(t, err)
	return d.GetWorkflowExecutionInfo().GetStatus()
}

func TestAWorkflowThatIsTerminatedFromOutside(t *testing.T) {
	t.Parallel()

	shared.worker(t, "terminate")
	id := shared.start(t, "terminate", input{Items: 600, ItemMS: 100})
	shared.awaitWorking(t, id)
	require.NoError(t, shared.client.TerminateWorkflow(t.Context(), contract.WorkflowID(id), "", "ordered by kim"))

	run, now := shared.await(t, id, "adopted", patience, isEnded)
	require.Equal(t, lifecycle.Failed, run.Facts.Outcome)
	require.Equal(t, lifecycle.CodeTerminatedInTemporal, run.Facts.Failure.Code)
	require.Contains(t, run.Facts.Failure.Message, "ordered by kim")
	require.True(t, run.Facts.Reconciliation.At.IsZero(), "somebody else ended it")
	require.Equal(t, lifecycle.TerminalNormal, run.Truth(now).Freshness)
	require.False(t, run.Truth(now).StaleLineage, "found before it was ever due:\n%s", shared.story(t, id))
}

func TestAWorkflowThatIsResetGoesOnAsTheSameRun(t *testing.T) {
	t.Parallel()

	shared.worker(t, "reset")
	id := shared.start(t, "reset", input{Items: 30, ItemMS: 200})
	before := shared.awaitWorking(t, id)
	answer, err := service().ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: shared.namespace, WorkflowExecution: execution(id), Reason: "try again", RequestId: uuid.NewString(), WorkflowTaskFinishEventId: 4,
	})
	require.NoError(t, err)
	require.NotEqual(t, before.FirstRunID, answer.GetRunId())

	run, now := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Succeeded, run.Facts.Outcome, shared.story(t, id))
	require.EqualValues(t, 30, run.Facts.Counts.Succeeded, "no item counts twice")
	require.False(t, run.Truth(now).StaleLineage, shared.story(t, id))
}

// stays requires that a run is never flagged until it has been silent for twice as long as it may.
func stays(t *testing.T, id string, state lifecycle.State) {
	t.Helper()
	silent, _ := shared.run(t, id)
	shared.await(t, id, "silent for long", patience, func(_ models.Run, truth lifecycle.Truth) bool {
		require.Equal(t, lifecycle.FreshActive, truth.Freshness, shared.story(t, id))
		require.Equal(t, state, truth.State, shared.story(t, id))
		_, now := shared.run(t, id)
		return now.Sub(silent.Facts.LivenessAt) > 2*policy().StaleAfter
	})
}

func isPaused(_ models.Run, truth lifecycle.Truth) bool { return truth.State == lifecycle.StatePaused }

func TestAPausedStepIsShownAsPaused(t *testing.T) {
	t.Parallel()

	shared.worker(t, "pause")
	id := shared.start(t, "pause", input{Items: 1, ItemMS: 5000})
	awaitItem(t, id)
	_, err := service().PauseActivity(t.Context(), &workflowservice.PauseActivityRequest{
		Namespace: shared.namespace, Execution: execution(id), Identity: "kim", Reason: "maintenance",
		Activity: &workflowservice.PauseActivityRequest_Type{Type: contract.ActivityExecute},
	})
	require.NoError(t, err)
	paused, now := shared.await(t, id, "paused", patience, isPaused)
	require.Contains(t, paused.Truth(now).Headline(), "kim")
	stays(t, id, lifecycle.StatePaused)

	_, err = service().UnpauseActivity(t.Context(), &workflowservice.UnpauseActivityRequest{
		Namespace: shared.namespace, Execution: execution(id), Identity: "kim",
		Activity: &workflowservice.UnpauseActivityRequest_Type{Type: contract.ActivityExecute},
	})
	require.NoError(t, err)
	run, now := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Succeeded, run.Facts.Outcome, shared.story(t, id))
	require.False(t, run.Truth(now).StaleLineage, shared.story(t, id))
}

func TestAPausedWorkflowIsShownAsPaused(t *testing.T) {
	t.Parallel()

	shared.worker(t, "pauseall")
	id := shared.start(t, "pauseall", input{Items: 30, ItemMS: 200})
	shared.awaitWorking(t, id)
	_, err := service().PauseWorkflowExecution(t.Context(), &workflowservice.PauseWorkflowExecutionRequest{
		Namespace: shared.namespace, WorkflowId: contract.WorkflowID(id), Identity: "lee", Reason: "maintenance", RequestId: uuid.NewString(),
	})
	require.NoError(t, err)
	shared.await(t, id, "paused", patience, isPaused)
	stays(t, id, lifecycle.StatePaused)
	_, err = service().UnpauseWorkflowExecution(t.Context(), &workflowservice.UnpauseWorkflowExecutionRequest{
		Namespace: shared.namespace, WorkflowId: contract.WorkflowID(id), Identity: "lee", RequestId: uuid.NewString(),
	})
	require.NoError(t, err)
	run, _ := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Succeeded, run.Facts.Outcome, shared.story(t, id))
}

func TestAWorkflowThatTemporalDoesNotKnow(t *testing.T) {
	t.Parallel()

	w := shared.worker(t, "missing")
	id := shared.start(t, "missing", input{Items: 600, ItemMS: 100})
	shared.awaitWorking(t, id)
	w.kill()
	_, err := service().DeleteWorkflowExecution(t.Context(), &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: shared.namespace, WorkflowExecution: execution(id),
	})
	require.NoError(t, err)
	run, now := shared.await(t, id, "closed", patience, isEnded)
	require.Equal(t, lifecycle.WorkflowMissing, run.Facts.Reconciliation.Cause, shared.story(t, id))
	require.Equal(t, lifecycle.ReconciledFailed, run.Truth(now).Freshness)
}

func TestAStartThatWasInterruptedIsRepaired(t *testing.T) {
	t.Parallel()

	shared.worker(t, "undelivered")
	cut := *shared.starter
	cut.Dispatch = func(context.Context, models.Run) error { return context.DeadlineExceeded }
	i := installation{starter: &cut, workspace: shared.workspace, tenant: shared.tenant}
	id := i.start(t, "undelivered", input{Items: 2, ItemMS: 10})
	run, _ := shared.await(t, id, "ended", patience, isEnded)
	require.Equal(t, lifecycle.Succeeded, run.Facts.Outcome)
	require.NotEmpty(t, run.FirstRunID)
	require.NotEmpty(t, run.ClusterID)
	require.Less(t, run.Facts.DispatchedAt.Sub(run.Facts.QueuedAt), slow*10*time.Second)
}
