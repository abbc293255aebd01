package activities

import (
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opstruth/opstruth/internal/temporalclient"
	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/workflows/contract"
)

// textLimit bounds what is kept of a failure's message.
const textLimit = 500

// described is what a description says about an execution, without its queue and its close event.
func (o *observer) described(d *workflowservice.DescribeWorkflowExecutionResponse) lifecycle.Evidence {
	e := lifecycle.NoEvidence(lifecycle.Answered)
	info := d.GetWorkflowExecutionInfo()
	e.RunID = info.GetExecution().GetRunId()
	e.Execution = temporalclient.ExecutionOf(info.GetStatus())
	if e.Execution == "" {
		// A chain that is just going on as new answers for itself in the next pass.
		return lifecycle.NoEvidence(lifecycle.Unreachable)
	}
	if info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED {
		e.Paused = true
	}
	if p := d.GetWorkflowExtendedInfo().GetPauseInfo(); p != nil {
		e.Paused, e.PausedBy, e.PausedAge = true, p.GetIdentity(), o.age(p.GetPausedTime())
	}
	if t := d.GetPendingWorkflowTask(); t != nil {
		e.WorkflowTask = true
		e.WorkflowTaskAttempt = int(t.GetAttempt())
		e.WorkflowTaskStarted = t.GetState() == enumspb.PENDING_WORKFLOW_TASK_STATE_STARTED
		e.WorkflowTaskAge = o.age(t.GetOriginalScheduledTime())
	}
	o.pending(d.GetPendingActivities(), d.GetExecutionConfig().GetTaskQueue().GetName(), &e)
	return e
}

// pending picks the activity that says most: one that a worker has, by its freshest sign; else one that waits.
func (o *observer) pending(all []*workflowpb.PendingActivityInfo, queue string, e *lifecycle.Evidence) {
	var best *workflowpb.PendingActivityInfo
	for _, a := range all {
		if a.GetActivityType().GetName() == contract.ActivityRecordEnd {
			e.RecordsEnd = true
		}
		if best == nil || rank(a) > rank(best) || rank(a) == rank(best) && signOf(a).After(signOf(best)) {
			best = a
		}
	}
	if best == nil {
		return
	}
	e.Activity = activityState(best)
	e.ActivityName = best.GetActivityType().GetName()
	e.Attempt = int(best.GetAttempt())
	e.ScheduledAge = o.age(best.GetScheduledTime())
	e.StartedAge = o.age(best.GetLastStartedTime())
	e.HeartbeatAge = o.age(best.GetLastHeartbeatTime())
	e.Host = best.GetLastWorkerIdentity()
	e.Elsewhere = elsewhere(best, e.StartedAge, queue)
	if next := best.GetNextAttemptScheduleTime(); next != nil {
		e.NextAttempt = next.AsTime().Sub(o.clock.now())
	}
	e.LastFailure, e.FailureText = failureOf(best.GetLastFailure())
	if p := best.GetPauseInfo(); p != nil && e.Activity == lifecycle.ActivityPaused {
		e.PausedBy, e.PausedAge = p.GetManual().GetIdentity(), o.age(p.GetPauseTime())
	}
}

// elsewhere is how long an activity may still take that a wrapped workflow has on the task queue of another program, and
// that owes no heartbeats.
func elsewhere(a *workflowpb.PendingActivityInfo, started time.Duration, queue string) time.Duration {
	o := a.GetActivityOptions()
	other := o.GetTaskQueue().GetName()
	if activityState(a) != lifecycle.ActivityStarted || other == "" || other == queue ||
		o.GetHeartbeatTimeout().AsDuration() > 0 || a.GetLastHeartbeatTime() != nil {
		return 0
	}
	return max(0, o.GetStartToCloseTimeout().AsDuration()-max(0, started))
}

// rank orders pending activities by how much their state explains.
func rank(a *workflowpb.PendingActivityInfo) int {
	switch activityState(a) {
	case lifecycle.ActivityStarted:
		return 3
	case lifecycle.ActivityScheduled:
		return 2
	case lifecycle.ActivityPaused:
		return 1
	case lifecycle.ActivityNone:
	}
	return 0
}

func activityState(a *workflowpb.PendingActivityInfo) lifecycle.ActivityState {
	return temporalclient.ActivityStateOf(a.GetState())
}

func signOf(a *workflowpb.PendingActivityInfo) time.Time {
	beat, start := a.GetLastHeartbeatTime().AsTime(), a.GetLastStartedTime().AsTime()
	if beat.After(start) {
		return beat
	}
	return start
}

// failureOf tells an attempt that went silent from one that failed. One that was handed over did neither.
func failureOf(f *failurepb.Failure) (lifecycle.FailureKind, string) {
	if f == nil || f.GetApplicationFailureInfo().GetType() == contract.ErrorHandover {
		return lifecycle.FailureNone, ""
	}
	if t := f.GetTimeoutFailureInfo(); t != nil {
		return lifecycle.FailureHeartbeatTimeout, clip(f.GetMessage())
	}
	return lifecycle.FailureApplication, clip(f.GetMessage())
}

// closeEvent reads the reason, the person and the result from the event that ended an execution.
func closeEvent(event *historypb.HistoryEvent, e *lifecycle.Evidence) {
	switch e.Execution {
	case lifecycle.ExecTerminated:
		a := event.GetWorkflowExecutionTerminatedEventAttributes()
		e.CloseReason, e.ClosedBy = clip(a.GetReason()), a.GetIdentity()
	case lifecycle.ExecFailed:
		f := event.GetWorkflowExecutionFailedEventAttributes().GetFailure()
		e.CloseReason = clip(f.GetMessage())
	case lifecycle.ExecCompleted:
		e.Result = resultOf(event.GetWorkflowExecutionCompletedEventAttributes().GetResult())
	case lifecycle.ExecRunning, lifecycle.ExecCancelled, lifecycle.ExecTimedOut:
	}
}

// resultOf is the outcome that the run workflow returned. What cannot be read as one is left to the close status.
func resultOf(p *commonpb.Payloads) lifecycle.Outcome {
	var r contract.RunResult
	if err := converter.GetDefaultDataConverter().FromPayloads(p, &r); err != nil {
		return ""
	}
	return r.Outcome
}

func (o *observer) age(t *timestamppb.Timestamp) time.Duration {
	if t == nil {
		return -1
	}
	return o.clock.age(t.AsTime())
}

func clip(s string) string {
	if len(s) <= textLimit {
		return s
	}
	return strings.ToValidUTF8(s[:textLimit], "") + "…"
}
