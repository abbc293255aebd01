package activities

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	activitypb "go.temporal.io/api/activity/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/workflows/contract"
)

var (
	temporalNow = time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC) // far from this machine's clock, on purpose
	rightHome   = Home{NamespaceID: "ns", ClusterID: "cl", Retention: 72 * time.Hour}
	rightRun    = temporalclient.Subject{WorkflowID: "w", FirstRunID: "first", NamespaceID: "ns", ClusterID: "cl", Queue: "q"}
)

// answers is Temporal as a test wants it.
type answers struct {
	description *workflowservice.DescribeWorkflowExecutionResponse
	err         error
	pollers     []*taskqueuepb.PollerInfo
	pollersErr  error
	queueAsked  int
	last        *historypb.HistoryEvent
	historyErr  error
	runIDs      []string
}

func (a *answers) DescribeWorkflowExecution(ctx context.Context, _, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	a.runIDs = append(a.runIDs, runID)
	if _, bounded := ctx.Deadline(); !bounded {
		return nil, errors.New("a question must be bounded")
	}
	return a.description, a.err
}

func (a *answers) DescribeTaskQueue(ctx context.Context, _ string, kind enumspb.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	a.queueAsked++
	if _, bounded := ctx.Deadline(); !bounded {
		return nil, errors.New("a question must be bounded")
	}
	if kind == enumspb.TASK_QUEUE_TYPE_WORKFLOW {
		return &workflowservice.DescribeTaskQueueResponse{}, a.pollersErr
	}
	return &workflowservice.DescribeTaskQueueResponse{Pollers: a.pollers}, a.pollersErr
}

func (a *answers) GetWorkflowHistory(context.Context, string, string, bool, enumspb.HistoryEventFilterType) client.HistoryEventIterator {
	return &oneEvent{event: a.last, err: a.historyErr}
}

type oneEvent struct {
	event *historypb.HistoryEvent
	err   error
	done  bool
}

func (o *oneEvent) HasNext() bool { return !o.done }
func (o *oneEvent) Next() (*historypb.HistoryEvent, error) {
	o.done = true
	return o.event, o.err
}

// observe observes in no time at all, so that ages are what the answers say, however busy the machine is.
func (a *answers) observe(t *testing.T, s temporalclient.Subject, workers ...workerAge) (e lifecycle.Evidence) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		live := liveWorkers{Alive: 4 * time.Second, Rows: workers}
		e = newObserver(a, rightHome, clockAt(temporalNow), live).observe(t.Context(), s, time.Minute)
	})
	return e
}

func ago(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(temporalNow.Add(-d)) }

func described(s enumspb.WorkflowExecutionStatus, pending ...*workflowpb.PendingActivityInfo) *workflowservice.DescribeWorkflowExecutionResponse {
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
			Execution: &commonpb.WorkflowExecution{WorkflowId: "w", RunId: "later"}, FirstRunId: "first", Status: s,
		},
		PendingActivities: pending,
	}
}

const (
	wfRunning = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	started   = enumspb.PENDING_ACTIVITY_STATE_STARTED
	scheduled = enumspb.PENDING_ACTIVITY_STATE_SCHEDULED
)

func activityInfo(state enumspb.PendingActivityState, change func(*workflowpb.PendingActivityInfo)) *workflowpb.PendingActivityInfo {
	a := &workflowpb.PendingActivityInfo{
		ActivityId: "5", ActivityType: &commonpb.ActivityType{Name: contract.ActivityExecute}, State: state, Attempt: 1,
		ScheduledTime: ago(time.Minute), LastStartedTime: ago(50 * time.Second), LastWorkerIdentity: "host-a",
	}
	if change != nil {
		change(a)
	}
	return a
}

func TestWhatIsNoAnswerProvesNothing(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		a    answers
		s    func(*temporalclient.Subject)
		want lifecycle.Answer
	}{
		"missing":             {a: answers{err: serviceerror.NewNotFound("workflow not found")}, want: lifecycle.NotFound},
		"namespace missing":   {a: answers{err: serviceerror.NewNamespaceNotFound("ns")}, want: lifecycle.WrongHome},
		"unavailable":         {a: answers{err: serviceerror.NewUnavailable("down")}, want: lifecycle.Unreachable},
		"too slow":            {a: answers{err: context.DeadlineExceeded}, want: lifecycle.Unreachable},
		"busy":                {a: answers{err: serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT, "busy")}, want: lifecycle.Unreachable},
		"not allowed":         {a: answers{err: serviceerror.NewPermissionDenied("no", "")}, want: lifecycle.Unreachable},
		"another namespace":   {a: answers{description: described(wfRunning)}, s: func(s *temporalclient.Subject) { s.NamespaceID = "other" }, want: lifecycle.WrongHome},
		"another cluster":     {a: answers{description: described(wfRunning)}, s: func(s *temporalclient.Subject) { s.ClusterID = "other" }, want: lifecycle.WrongHome},
		"another execution":   {a: answers{description: described(wfRunning)}, s: func(s *temporalclient.Subject) { s.FirstRunID = "other" }, want: lifecycle.WrongHome},
		"queue not described": {a: answers{description: described(wfRunning), pollersErr: serviceerror.NewUnavailable("down")}, want: lifecycle.Unreachable},
		"end not readable": {
			a:    answers{description: described(enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED), historyErr: serviceerror.NewUnavailable("down")},
			want: lifecycle.Unreachable,
		},
		"going on as new": {a: answers{description: described(enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW)}, want: lifecycle.Unreachable},
		"right":           {a: answers{description: described(wfRunning)}, want: lifecycle.Answered},
		"not stamped yet": {
			a: answers{description: described(wfRunning)}, want: lifecycle.Answered,
			s: func(s *temporalclient.Subject) { s.FirstRunID, s.NamespaceID, s.ClusterID = "", "", "" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := rightRun
			if c.s != nil {
				c.s(&s)
			}
			e := c.a.observe(t, s)
			require.Equal(t, c.want, e.Answer)
			for _, id := range c.a.runIDs {
				require.Empty(t, id, "a reset or continued chain must answer as one")
			}
		})
	}
}

func TestAMissingWorkflowCountsOnlyWithinRetention(t *testing.T) {
	t.Parallel()

	a := answers{err: serviceerror.NewNotFound("workflow not found")}
	require.True(t, a.observe(t, rightRun).Retained)
	e := newObserver(&a, rightHome, clockAt(temporalNow), liveWorkers{}).observe(t.Context(), rightRun, rightHome.Retention)
	require.False(t, e.Retained)
}

func TestTimesTravelAsAges(t *testing.T) {
	t.Parallel()

	a := answers{
		description: described(wfRunning, activityInfo(started, func(p *workflowpb.PendingActivityInfo) {
			p.LastHeartbeatTime = ago(20 * time.Second)
			p.Attempt = 3
			p.LastFailure = &failurepb.Failure{
				Message: "activity Heartbeat timeout",
				FailureInfo: &failurepb.Failure_TimeoutFailureInfo{TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{
					TimeoutType: enumspb.TIMEOUT_TYPE_HEARTBEAT,
				}},
			}
		})),
		pollers: []*taskqueuepb.PollerInfo{{LastAccessTime: ago(40 * time.Second)}, {LastAccessTime: ago(9 * time.Second)}},
	}
	e := a.observe(t, rightRun,
		workerAge{ID: "host-a", Queues: []string{"q"}, Age: 30 * time.Second},
		workerAge{ID: "host-b", Queues: []string{"x", "q"}, Age: 2 * time.Second},
		workerAge{ID: "host-c", Queues: []string{"x"}, Age: time.Second},
	)
	require.Equal(t, lifecycle.ExecRunning, e.Execution)
	require.Equal(t, lifecycle.ActivityStarted, e.Activity)
	require.Equal(t, "later", e.RunID)
	require.Equal(t, 3, e.Attempt)
	require.Equal(t, "host-a", e.Host)
	require.Equal(t, lifecycle.FailureHeartbeatTimeout, e.LastFailure)
	require.Equal(t, 1, e.Workers)
	require.Equal(t, 2*time.Second, e.WorkersSeen)
	require.Equal(t, 9*time.Second, e.PollerAge)
	require.Equal(t, time.Minute, e.ScheduledAge)
	require.Equal(t, 50*time.Second, e.StartedAge)
	require.Equal(t, 20*time.Second, e.HeartbeatAge)
}

func TestAQueueIsAskedOnceAPass(t *testing.T) {
	t.Parallel()

	a := answers{description: described(wfRunning)}
	o := newObserver(&a, rightHome, clockAt(temporalNow), liveWorkers{})
	for range 5 {
		e := o.observe(t.Context(), rightRun, time.Minute)
		require.Equal(t, lifecycle.Answered, e.Answer)
		require.Negative(t, e.PollerAge)
		require.Negative(t, e.WorkersSeen)
	}
	require.Equal(t, 2, a.queueAsked, "once for each kind of task")
}

func TestThePendingActivityThatSaysMost(t *testing.T) {
	t.Parallel()

	waiting := activityInfo(scheduled, func(p *workflowpb.PendingActivityInfo) {
		p.Attempt, p.NextAttemptScheduleTime = 4, timestamppb.New(temporalNow.Add(30*time.Second))
		p.LastFailure = &failurepb.Failure{
			Message: "http 500", FailureInfo: &failurepb.Failure_ApplicationFailureInfo{ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{}},
		}
	})
	e := (&answers{description: described(wfRunning, waiting)}).observe(t, rightRun)
	require.Equal(t, lifecycle.ActivityScheduled, e.Activity)
	require.Equal(t, lifecycle.FailureApplication, e.LastFailure)
	require.Equal(t, "http 500", e.FailureText)
	require.Equal(t, 30*time.Second, e.NextAttempt)

	fresh := activityInfo(started, func(p *workflowpb.PendingActivityInfo) { p.LastHeartbeatTime = ago(time.Second) })
	old := activityInfo(enumspb.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED, nil)
	for _, order := range [][]*workflowpb.PendingActivityInfo{{waiting, old, fresh}, {fresh, old, waiting}} {
		e = (&answers{description: described(wfRunning, order...)}).observe(t, rightRun)
		require.Equal(t, lifecycle.ActivityStarted, e.Activity)
		require.Equal(t, time.Second, e.HeartbeatAge)
	}

	ends := activityInfo(scheduled, func(p *workflowpb.PendingActivityInfo) { p.ActivityType.Name = contract.ActivityRecordEnd })
	require.True(t, (&answers{description: described(wfRunning, ends)}).observe(t, rightRun).RecordsEnd)
	require.False(t, e.RecordsEnd)
}

func TestAnActivityOnAnotherQueueMayTakeItsTime(t *testing.T) {
	t.Parallel()

	of := func(change func(*workflowpb.PendingActivityInfo)) time.Duration {
		d := described(wfRunning, activityInfo(started, func(p *workflowpb.PendingActivityInfo) {
			p.ActivityOptions = &activitypb.ActivityOptions{
				TaskQueue: &taskqueuepb.TaskQueue{Name: "theirs"}, StartToCloseTimeout: durationpb.New(time.Minute),
			}
			change(p)
		}))
		d.ExecutionConfig = &workflowpb.WorkflowExecutionConfig{TaskQueue: &taskqueuepb.TaskQueue{Name: "ours"}}
		return (&answers{description: d}).observe(t, rightRun).Elsewhere
	}
	require.Equal(t, 10*time.Second, of(func(*workflowpb.PendingActivityInfo) {})) // it was started 50 s ago
	require.Zero(t, of(func(p *workflowpb.PendingActivityInfo) { p.LastStartedTime = ago(2 * time.Minute) }), "its time is over")
	require.Zero(t, of(func(p *workflowpb.PendingActivityInfo) { p.ActivityOptions.TaskQueue.Name = "ours" }), "our workers would tell of it")
	require.Zero(t, of(func(p *workflowpb.PendingActivityInfo) {
		p.ActivityOptions.HeartbeatTimeout = durationpb.New(time.Minute)
	}), "it owes heartbeats")
	require.Zero(t, of(func(p *workflowpb.PendingActivityInfo) { p.LastHeartbeatTime = ago(time.Second) }), "it beats")
	require.Zero(t, of(func(p *workflowpb.PendingActivityInfo) { p.State = scheduled }), "nobody has it")
}

func TestAPauseIsSeenWithWhoPaused(t *testing.T) {
	t.Parallel()

	paused := activityInfo(enumspb.PENDING_ACTIVITY_STATE_PAUSED, func(p *workflowpb.PendingActivityInfo) {
		p.PauseInfo = &workflowpb.PendingActivityInfo_PauseInfo{
			PauseTime: ago(5 * time.Minute),
			PausedBy: &workflowpb.PendingActivityInfo_PauseInfo_Manual_{
				Manual: &workflowpb.PendingActivityInfo_PauseInfo_Manual{Identity: "kim"},
			},
		}
	})
	e := (&answers{description: described(wfRunning, paused)}).observe(t, rightRun)
	require.Equal(t, lifecycle.ActivityPaused, e.Activity)
	require.Equal(t, "kim", e.PausedBy)
	require.Equal(t, 5*time.Minute, e.PausedAge)

	whole := described(enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED)
	whole.WorkflowExtendedInfo = &workflowpb.WorkflowExecutionExtendedInfo{
		PauseInfo: &workflowpb.WorkflowExecutionPauseInfo{Identity: "lee", PausedTime: ago(time.Minute)},
	}
	e = (&answers{description: whole}).observe(t, rightRun)
	require.Equal(t, lifecycle.ExecRunning, e.Execution)
	require.True(t, e.Paused)
	require.Equal(t, "lee", e.PausedBy)
	require.Equal(t, time.Minute, e.PausedAge)
}

func TestAnEndIsReadFromItsEvent(t *testing.T) {
	t.Parallel()

	result, err := converter.GetDefaultDataConverter().ToPayloads(contract.RunResult{Outcome: lifecycle.PartiallySucceeded})
	require.NoError(t, err)
	ended := func(s enumspb.WorkflowExecutionStatus, event *historypb.HistoryEvent) lifecycle.Evidence {
		return (&answers{description: described(s), last: event}).observe(t, rightRun)
	}

	e := ended(enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionTerminatedEventAttributes{
			WorkflowExecutionTerminatedEventAttributes: &historypb.WorkflowExecutionTerminatedEventAttributes{Reason: "too slow", Identity: "kim"},
		},
	})
	require.Equal(t, lifecycle.ExecTerminated, e.Execution)
	require.Equal(t, "too slow", e.CloseReason)
	require.Equal(t, "kim", e.ClosedBy)

	e = ended(enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionCompletedEventAttributes{
			WorkflowExecutionCompletedEventAttributes: &historypb.WorkflowExecutionCompletedEventAttributes{Result: result},
		},
	})
	require.Equal(t, lifecycle.PartiallySucceeded, e.Result)

	e = ended(enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionFailedEventAttributes{
			WorkflowExecutionFailedEventAttributes: &historypb.WorkflowExecutionFailedEventAttributes{Failure: &failurepb.Failure{Message: "boom"}},
		},
	})
	require.Equal(t, "boom", e.CloseReason)

	// An end whose event does not say what it should is still an end, of unknown result.
	e = ended(enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, nil)
	require.Equal(t, lifecycle.ExecCompleted, e.Execution)
	require.Empty(t, e.Result)
}

func TestAPendingWorkflowTask(t *testing.T) {
	t.Parallel()

	d := described(wfRunning)
	d.PendingWorkflowTask = &workflowpb.PendingWorkflowTaskInfo{
		State: enumspb.PENDING_WORKFLOW_TASK_STATE_STARTED, OriginalScheduledTime: ago(time.Minute), Attempt: 7,
	}
	e := (&answers{description: d}).observe(t, rightRun)
	require.True(t, e.WorkflowTask)
	require.True(t, e.WorkflowTaskStarted)
	require.Equal(t, 7, e.WorkflowTaskAttempt)
	require.Equal(t, time.Minute, e.WorkflowTaskAge)
}

func TestTheClockGoesOn(t *testing.T) {
	t.Parallel()

	c := clockAt(temporalNow)
	require.Equal(t, time.Duration(-1), c.age(time.Time{}))
	require.Zero(t, c.age(temporalNow.Add(time.Hour)), "skew between two servers of Temporal is no negative age")
	require.GreaterOrEqual(t, c.age(temporalNow.Add(-time.Second)), time.Second)
}

// A worker that stops in good order hands its step over: another attempt, and no failure.
func TestAHandoverIsNoFailure(t *testing.T) {
	t.Parallel()
	handed := activityInfo(scheduled, func(p *workflowpb.PendingActivityInfo) {
		p.Attempt = 2
		p.LastFailure = &failurepb.Failure{Message: "worker is stopping", FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: contract.ErrorHandover},
		}}
	})
	e := (&answers{description: described(wfRunning, handed)}).observe(t, rightRun, workerAge{ID: "w", Queues: []string{"q"}, Age: time.Second})
	require.Equal(t, lifecycle.FailureNone, e.LastFailure)
	require.Empty(t, e.FailureText)
	f := lifecycle.Facts{
		Status: lifecycle.Running, Policy: lifecycle.DefaultPolicy(), DispatchedAt: recordNow.Add(-time.Hour),
		LivenessAt: recordNow.Add(-time.Minute), StaleAt: recordNow.Add(-40 * time.Second),
	}
	require.Equal(t, lifecycle.Backlogged, lifecycle.Judge(f, e, 5*time.Second, recordNow).Cause, "it waits for a worker; nothing fails")
}
