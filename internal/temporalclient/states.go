package temporalclient

import (
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/opstruth/opstruth/lifecycle"
)

// ExecutionOf is Temporal's status of a workflow as evidence names it; empty for what is no state that a chain's
// current execution can be judged in.
func ExecutionOf(s enumspb.WorkflowExecutionStatus) lifecycle.Execution {
	switch s {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED:
		return lifecycle.ExecRunning
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return lifecycle.ExecCompleted
	case enumspb.WORKFLOW_EXECUTION_STATUS_FAILED:
		return lifecycle.ExecFailed
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return lifecycle.ExecCancelled
	case enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		return lifecycle.ExecTerminated
	case enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return lifecycle.ExecTimedOut
	case enumspb.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED, enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
	}
	return ""
}

// ActivityStateOf is Temporal's state of a pending activity as evidence names it; an unspecified one is none.
func ActivityStateOf(s enumspb.PendingActivityState) lifecycle.ActivityState {
	switch s {
	case enumspb.PENDING_ACTIVITY_STATE_SCHEDULED:
		return lifecycle.ActivityScheduled
	case enumspb.PENDING_ACTIVITY_STATE_STARTED, enumspb.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED,
		enumspb.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED: // a worker still has it
		return lifecycle.ActivityStarted
	case enumspb.PENDING_ACTIVITY_STATE_PAUSED:
		return lifecycle.ActivityPaused
	case enumspb.PENDING_ACTIVITY_STATE_UNSPECIFIED:
	}
	return lifecycle.ActivityNone
}

// AnswerOf tells "there is no such workflow" from "nobody answered": only the first proves anything.
func AnswerOf(err error) lifecycle.Answer {
	var (
		noNamespace *serviceerror.NamespaceNotFound
		notFound    *serviceerror.NotFound
	)
	switch {
	case errors.As(err, &noNamespace):
		return lifecycle.WrongHome
	case errors.As(err, &notFound):
		return lifecycle.NotFound
	}
	return lifecycle.Unreachable
}
