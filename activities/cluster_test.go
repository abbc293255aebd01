package activities

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/opstruth/opstruth/internal/dbfault"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/models/modelstest"
	"github.com/opstruth/opstruth/workflows/contract"
)

// cluster is a Temporal that knows as much of its workflows as their ends need. Each call is a point at which a test's
// watcher can let others go first, or lose the call or its answer.
type cluster struct {
	Cluster

	first     string // the first Temporal run id of all of them
	mu        sync.Mutex
	workflows map[string]*execution // by workflow id
}

// execution is one workflow.
type execution struct {
	status     enumspb.WorkflowExecutionStatus
	reason     string // of its Terminate
	result     lifecycle.Outcome
	recordsEnd bool                      // the activity that writes the terminal record is pending
	cancelled  bool                      // a cancel was asked for
	answer     *contract.LifecycleAnswer // to a query; nil: nobody serves it
}

func newCluster(first string, runs ...string) *cluster {
	c := &cluster{first: first, workflows: map[string]*execution{}}
	for _, id := range runs {
		c.workflows[contract.WorkflowID(id)] = &execution{status: wfRunning}
	}
	return c
}

// of reads one workflow.
func (c *cluster) of(runID string) execution {
	c.mu.Lock()
	defer c.mu.Unlock()
	return *c.workflows[contract.WorkflowID(runID)]
}

// change changes one while it runs.
func (c *cluster) change(runID string, f func(*execution)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w := c.workflows[contract.WorkflowID(runID)]; w.status == wfRunning {
		f(w)
	}
}

// call is one call about a workflow.
func (c *cluster) call(ctx context.Context, name, id string, f func(*execution) error) error {
	if err := dbfault.Reach(ctx, dbfault.Point{Statement: name}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	w, ok := c.workflows[id]
	err := serviceerror.NewNotFound("workflow not found")
	if ok {
		err = f(w)
	}
	c.mu.Unlock()
	if err != nil {
		return err
	}
	return dbfault.Reach(ctx, dbfault.Point{Statement: name, After: true})
}

func (c *cluster) DescribeWorkflowExecution(ctx context.Context, id, _ string) (d *workflowservice.DescribeWorkflowExecutionResponse, err error) {
	err = c.call(ctx, "Describe", id, func(w *execution) error {
		d = described(w.status)
		d.WorkflowExecutionInfo.Execution = &commonpb.WorkflowExecution{WorkflowId: id, RunId: "t-" + id}
		d.WorkflowExecutionInfo.FirstRunId = c.first
		if w.status == wfRunning && w.recordsEnd {
			d.PendingActivities = append(d.PendingActivities, activityInfo(scheduled, func(a *workflowpb.PendingActivityInfo) {
				a.ActivityType.Name = contract.ActivityRecordEnd
			}))
		}
		return nil
	})
	return d, err
}

func (c *cluster) DescribeTaskQueue(context.Context, string, enumspb.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	return &workflowservice.DescribeTaskQueueResponse{}, nil // nobody serves it
}

func (c *cluster) GetWorkflowHistory(ctx context.Context, id, _ string, _ bool, _ enumspb.HistoryEventFilterType) client.HistoryEventIterator {
	event := &historypb.HistoryEvent{}
	err := c.call(ctx, "History", id, func(w *execution) error {
		if w.status == enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED {
			event.Attributes = &historypb.HistoryEvent_WorkflowExecutionTerminatedEventAttributes{
				WorkflowExecutionTerminatedEventAttributes: &historypb.WorkflowExecutionTerminatedEventAttributes{Reason: w.reason},
			}
			return nil
		}
		result, err := converter.GetDefaultDataConverter().ToPayloads(contract.RunResult{Outcome: w.result})
		event.Attributes = &historypb.HistoryEvent_WorkflowExecutionCompletedEventAttributes{
			WorkflowExecutionCompletedEventAttributes: &historypb.WorkflowExecutionCompletedEventAttributes{Result: result},
		}
		return err
	})
	return &oneEvent{event: event, err: err}
}

func (c *cluster) TerminateWorkflow(ctx context.Context, id, _, reason string, _ ...any) error {
	return c.call(ctx, "Terminate", id, func(w *execution) error {
		if w.status != wfRunning {
			return serviceerror.NewNotFound("workflow execution already completed")
		}
		w.status, w.reason = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, reason
		return nil
	})
}

func (c *cluster) CancelWorkflow(ctx context.Context, id, _ string) error {
	return c.call(ctx, "Cancel", id, func(w *execution) error {
		w.cancelled = true
		return nil
	})
}

func (c *cluster) ListWorkflow(context.Context, *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	return &workflowservice.ListWorkflowExecutionsResponse{}, nil
}

func (c *cluster) QueryWorkflowWithOptions(
	ctx context.Context, q *client.QueryWorkflowWithOptionsRequest,
) (answer *client.QueryWorkflowWithOptionsResponse, err error) {
	err = c.call(ctx, "Query", q.WorkflowID, func(w *execution) error {
		answer = &client.QueryWorkflowWithOptionsResponse{}
		if w.status != wfRunning && q.QueryRejectCondition == enumspb.QUERY_REJECT_CONDITION_NOT_OPEN {
			answer.QueryRejected = &querypb.QueryRejected{Status: w.status}
			return nil
		}
		if w.answer == nil {
			return serviceerror.NewDeadlineExceeded("no worker")
		}
		payloads, err := converter.GetDefaultDataConverter().ToPayloads(*w.answer)
		answer.QueryResult = client.NewValue(payloads)
		return err
	})
	return answer, err
}

func (c *cluster) WorkflowService() workflowservice.WorkflowServiceClient { return service{} }

// service answers who this Temporal is.
type service struct {
	workflowservice.WorkflowServiceClient
}

func (service) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest, ...grpc.CallOption) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{
		NamespaceInfo: &namespacepb.NamespaceInfo{Id: "default"},
		Config:        &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(72 * time.Hour)},
	}, nil
}

func (service) GetClusterInfo(context.Context, *workflowservice.GetClusterInfoRequest, ...grpc.CallOption) (*workflowservice.GetClusterInfoResponse, error) {
	return &workflowservice.GetClusterInfoResponse{ClusterId: "cluster"}, nil
}

// quiet counts nothing, for any number of goroutines.
type quiet struct{}

func (quiet) Verdict(lifecycle.Verdict)                         {}
func (quiet) Detected(time.Duration)                            {}
func (quiet) FalseFlag()                                        {}
func (quiet) PassTrouble()                                      {}
func (quiet) Pass(time.Duration)                                {}
func (quiet) RunEnded(string, lifecycle.Outcome, time.Duration) {}
func (quiet) LateResult()                                       {}

// bench is a reconciler and a worker's steps over one store and one Temporal.
type bench struct {
	store *models.Store
	c     *cluster
	r     *Reconciler
	steps *Steps
}

func newBench(s *models.Store, prototype models.Run, runs ...string) *bench {
	c := newCluster(prototype.FirstRunID, runs...)
	timing := lifecycle.NewTiming(5*time.Second, 5*time.Second)
	logger := slog.New(slog.DiscardHandler)
	return &bench{store: s, c: c,
		r:     &Reconciler{Cluster: c, Namespace: "default", Record: s, Timing: timing, Measure: quiet{}, Logger: logger},
		steps: &Steps{Record: s, Timing: timing, Measure: quiet{}, Logger: logger},
	}
}

// look is what a pass sees with, as of now.
func (b *bench) look(ctx context.Context) (*look, error) {
	now, err := b.store.Now(ctx)
	if err != nil {
		return nil, err
	}
	workers := liveWorkers{Alive: 4 * time.Second}
	home := Home{NamespaceID: "default", ClusterID: "cluster", Retention: 72 * time.Hour}
	return &look{observer: newObserver(b.c, home, clockAt(temporalNow), workers), workers: workers, read: now, at: time.Now()}, nil
}

// closePass is what a pass does about a run that may have to be closed.
func (b *bench) closePass(ctx context.Context, id string) error {
	l, err := b.look(ctx)
	if err != nil {
		return err
	}
	return b.r.finish(ctx, l, id)
}

// end is what the run workflow does once its work is done: the terminal record is pending in Temporal, and tried until
// it lands or the workflow is ended from outside.
func (b *bench) end(ctx context.Context, id string, o lifecycle.Outcome) error {
	b.c.change(id, func(w *execution) { w.recordsEnd = true })
	if b.c.of(id).status != wfRunning {
		return nil
	}
	for tried := ctx; ; tried = context.WithoutCancel(dbfault.Watch(ctx, func(dbfault.Point) error { return nil })) {
		result, err := b.steps.RecordEnd(tried, contract.EndInput{RunID: id, Token: contract.WorkflowID(id), Outcome: o})
		if err == nil {
			b.c.change(id, func(w *execution) {
				w.status, w.result, w.recordsEnd = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, result.Outcome, false
			})
			return nil
		}
		if !errors.Is(err, dbfault.ErrLost) || b.c.of(id).status != wfRunning {
			return err
		}
	}
}

// lost stores a run that is to be closed at the next look: nobody has served its queue for longer than its policy waits.
func lost(t *testing.T, s *models.Store, w modelstest.World) models.Run {
	t.Helper()
	now, err := s.Now(t.Context())
	require.NoError(t, err)
	run := modelstest.Running(t, modelstest.At(s, now.Add(-48*time.Hour)), w.NewRun(func(n *models.NewRun) {
		n.Policy.CancelGrace = time.Microsecond
	}))
	require.NoError(t, modelstest.At(s, now.Add(-48*time.Hour)).RecordItems(t.Context(), run.ID, []models.Item{
		{Key: "a", State: models.ItemSucceeded}, {Key: "b", State: models.ItemFailed},
	}))
	run, _, err = s.Run(t.Context(), models.Engine(), run.ID)
	require.NoError(t, err)
	require.NoError(t, s.RecordVerdict(t.Context(), run, lifecycle.Verdict{
		Action: lifecycle.Silent, Cause: lifecycle.NoWorkers,
		Silence: lifecycle.Silence{Cause: lifecycle.NoWorkers, At: now, For: 47 * time.Hour, Times: 100},
	}))
	run, _, err = s.Run(t.Context(), models.Engine(), run.ID)
	require.NoError(t, err)
	return run
}
