package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// stepOptions are those of an activity that runs an author's code. Retries never
// end: infrastructure comes back, and people see meanwhile that a step keeps
// failing. The heartbeat timeout, not the time limit, notices a lost worker. A
// cancel waits for the step, so that what it did is counted.
func stepOptions(heartbeatTimeout time.Duration) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout: 24 * time.Hour,
		HeartbeatTimeout:    heartbeatTimeout,
		WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    time.Second,
			BackoffCoefficient: 2,
			MaximumInterval:    time.Minute,
		},
	}
}

// recordOptions are those of an activity that only writes to the record: quick,
// repeatable, and retried until it lands.
func recordOptions() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		StartToCloseTimeout: 20 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    500 * time.Millisecond,
			BackoffCoefficient: 2,
			MaximumInterval:    10 * time.Second,
		},
	}
}

// passStep are the options of a pass's activities. A step that lost its worker is noticed by its heartbeat; one that
// fails is tried again soon or left to the next pass, which decides anew.
func passStep() workflow.ActivityOptions {
	return workflow.ActivityOptions{
		ScheduleToCloseTimeout: 40 * time.Second,
		StartToCloseTimeout:    20 * time.Second,
		HeartbeatTimeout:       5 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 2 * time.Second, MaximumAttempts: 3,
		},
	}
}
