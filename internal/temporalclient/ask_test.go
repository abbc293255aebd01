package temporalclient_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/lifecycle"
)

// oracle answers as a test wants it; a nil answer waits until the asker gives up.
type oracle struct {
	answer   *workflowservice.DescribeWorkflowExecutionResponse
	err      error
	queueErr error
	asked    chan struct{} // told of each question about a run
}

func (o *oracle) DescribeWorkflowExecution(ctx context.Context, _, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if o.asked != nil {
		o.asked <- struct{}{}
	}
	if runID != "" {
		return nil, errors.New("a chain answers as one execution only when no run is named")
	}
	if o.answer == nil && o.err == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return o.answer, o.err
}

func (o *oracle) DescribeTaskQueue(_ context.Context, _ string, kind enumspb.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	if kind == enumspb.TASK_QUEUE_TYPE_WORKFLOW {
		return &workflowservice.DescribeTaskQueueResponse{}, o.queueErr
	}
	return &workflowservice.DescribeTaskQueueResponse{Pollers: []*taskqueuepb.PollerInfo{{Identity: "host-a", LastAccessTime: at(2)}}}, o.queueErr
}

func at(seconds int64) *timestamppb.Timestamp { return &timestamppb.Timestamp{Seconds: seconds} }

func home(context.Context) (namespaceID, clusterID string, err error) { return "ns", "cl", nil }

var subject = temporalclient.Subject{WorkflowID: "w", FirstRunID: "first", NamespaceID: "ns", ClusterID: "cl", Queue: "q"}

func answer(first string, status enumspb.WorkflowExecutionStatus) *workflowservice.DescribeWorkflowExecutionResponse {
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
			Execution: &commonpb.WorkflowExecution{WorkflowId: "w", RunId: "now"}, FirstRunId: first, Status: status, HistoryLength: 42, StartTime: at(1),
		},
		PendingActivities: []*workflowpb.PendingActivityInfo{{
			ActivityType: &commonpb.ActivityType{Name: "opstruth.execute"}, State: enumspb.PENDING_ACTIVITY_STATE_SCHEDULED, Attempt: 3,
			LastFailure: &failurepb.Failure{Message: "refused"}, NextAttemptScheduleTime: at(9),
		}},
	}
}

func TestAskTellsWhatTemporalSays(t *testing.T) {
	t.Parallel()
	ask := func(o *oracle, s temporalclient.Subject) temporalclient.Said {
		said, err := temporalclient.NewAsker(o, home).Ask(t.Context(), s)
		require.NoError(t, err)
		return said
	}
	running := enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	said := ask(&oracle{answer: answer("first", running)}, subject)
	require.Equal(t, lifecycle.Answered, said.Answer)
	require.Equal(t, lifecycle.ExecRunning, said.Execution)
	require.Equal(t, "now", said.RunID)
	require.Equal(t, int64(42), said.Events)
	require.Equal(t, []temporalclient.PendingActivity{{
		Name: "opstruth.execute", State: lifecycle.ActivityScheduled, Attempt: 3, Failure: "refused", NextTry: time.Unix(9, 0).UTC(),
	}}, said.Activities)
	require.Equal(t, []temporalclient.Poller{{Identity: "host-a", Kind: "activity tasks", At: time.Unix(2, 0).UTC()}}, said.Pollers)

	require.Equal(t, lifecycle.WrongHome, ask(&oracle{answer: answer("another", running)}, subject).Answer)
	elsewhere := subject
	elsewhere.ClusterID = "other"
	require.Equal(t, lifecycle.WrongHome, ask(&oracle{err: errors.New("must not be asked")}, elsewhere).Answer)
	require.Equal(t, lifecycle.NotFound, ask(&oracle{err: serviceerror.NewNotFound("gone")}, subject).Answer)
	require.Equal(t, lifecycle.Unreachable, ask(&oracle{answer: answer("first", enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW)}, subject).Answer)

	said = ask(&oracle{answer: answer("first", running), queueErr: errors.New("no queue today")}, subject)
	require.Equal(t, lifecycle.Answered, said.Answer, "a queue that does not answer takes nothing from the run")
	require.Contains(t, said.NoPollers, "no queue today")
}

func TestAskIsBoundedInTimeAndNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, askIsBounded) // a real clock might end the first questions before the last one is asked
}

func askIsBounded(t *testing.T) {
	o := &oracle{asked: make(chan struct{})}
	asker := temporalclient.NewAsker(o, home)
	type result struct {
		said temporalclient.Said
		err  error
	}
	const places = 4
	results := make(chan result, places)
	for range places {
		go func() {
			said, err := asker.Ask(context.Background(), subject)
			results <- result{said, err}
		}()
		<-o.asked
	}
	_, err := asker.Ask(t.Context(), subject)
	require.ErrorIs(t, err, temporalclient.ErrBusy, "nobody waits in line")
	for range places {
		r := <-results
		require.NoError(t, r.err)
		require.Equal(t, lifecycle.Unreachable, r.said.Answer)
		require.Equal(t, "no answer within 2s", r.said.Problem)
		require.Equal(t, 2*time.Second, r.said.Took)
	}
	o.answer = answer("first", enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING)
	go func() { <-o.asked }()
	said, err := asker.Ask(t.Context(), subject)
	require.NoError(t, err, "a place is free again")
	require.Equal(t, lifecycle.Answered, said.Answer)
}
