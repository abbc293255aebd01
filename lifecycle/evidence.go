package lifecycle

import "time"

// Answer is what came back when Temporal was asked about a run.
type Answer string

const (
	Answered    Answer = "answered"    // a description of the right execution
	NotFound    Answer = "not_found"   // right cluster and namespace, no such workflow
	Unreachable Answer = "unreachable" // no answer in time
	WrongHome   Answer = "wrong_home"  // another cluster, namespace or execution answered
	NotAsked    Answer = ""            // never asked
)

// Execution is the state of the workflow in Temporal.
type Execution string

const (
	ExecRunning    Execution = "running"
	ExecCompleted  Execution = "completed"
	ExecFailed     Execution = "failed"
	ExecCancelled  Execution = "cancelled"
	ExecTerminated Execution = "terminated"
	ExecTimedOut   Execution = "timed_out"
)

// ActivityState is the state of the pending activity that matters most.
type ActivityState string

const (
	ActivityNone      ActivityState = ""
	ActivityScheduled ActivityState = "scheduled" // waits for a worker or for its next attempt
	ActivityStarted   ActivityState = "started"   // a worker has it
	ActivityPaused    ActivityState = "paused"
)

// FailureKind is the kind of an activity's last failure.
type FailureKind string

const (
	FailureNone             FailureKind = ""
	FailureHeartbeatTimeout FailureKind = "heartbeat_timeout" // also a start-to-close timeout: the worker did not report
	FailureApplication      FailureKind = "application"
)

// Evidence is what Temporal and the workers said about one run at one moment.
// Temporal's clock is never compared with the record's: its times travel as
// ages at the moment of observation. A negative age means that it never was.
type Evidence struct {
	Answer    Answer    `json:"answer,omitempty"`
	Retained  bool      `json:"retained,omitempty"` // a missing workflow would still be kept if it had ended
	Execution Execution `json:"execution,omitempty"`
	RunID     string    `json:"run_id,omitempty"` // Temporal's current run id

	// Of a closed execution.
	CloseReason string  `json:"close_reason,omitempty"` // of a Terminate, or the failure's message
	Result      Outcome `json:"result,omitempty"`       // what the run workflow returned, if it did
	ClosedBy    string  `json:"closed_by,omitempty"`

	Paused    bool          `json:"paused,omitempty"`
	PausedBy  string        `json:"paused_by,omitempty"`
	PausedAge time.Duration `json:"paused_age,omitempty"`

	WorkflowTask        bool          `json:"workflow_task,omitempty"` // one is pending
	WorkflowTaskAttempt int           `json:"workflow_task_attempt,omitempty"`
	WorkflowTaskAge     time.Duration `json:"workflow_task_age,omitempty"`
	WorkflowTaskStarted bool          `json:"workflow_task_started,omitempty"`

	Activity     ActivityState `json:"activity,omitempty"`
	ActivityName string        `json:"activity_name,omitempty"`
	RecordsEnd   bool          `json:"records_end,omitempty"` // the pending activity writes the terminal record
	Attempt      int           `json:"attempt,omitempty"`
	ScheduledAge time.Duration `json:"scheduled_age,omitempty"`
	StartedAge   time.Duration `json:"started_age,omitempty"`   // negative: not started
	HeartbeatAge time.Duration `json:"heartbeat_age,omitempty"` // negative: never beat
	NextAttempt  time.Duration `json:"next_attempt,omitempty"`  // from now; zero or less: due
	LastFailure  FailureKind   `json:"last_failure,omitempty"`
	FailureText  string        `json:"failure_text,omitempty"`
	Host         string        `json:"host,omitempty"` // identity of the last worker
	// Elsewhere is how long the started activity may still take, where it is on
	// another task queue than its run and no heartbeats are asked of it.
	Elsewhere time.Duration `json:"elsewhere,omitempty"`

	Workers     int           `json:"workers,omitempty"`      // live rows that serve the queue
	WorkersSeen time.Duration `json:"workers_seen,omitempty"` // age of the newest row; negative: none known
	PollerAge   time.Duration `json:"poller_age,omitempty"`   // youngest poller; negative: none
}

// NoEvidence is evidence of nothing but the answer: every age says "never".
func NoEvidence(a Answer) Evidence {
	return Evidence{
		Answer: a, PausedAge: -1, WorkflowTaskAge: -1, ScheduledAge: -1, StartedAge: -1, HeartbeatAge: -1, WorkersSeen: -1, PollerAge: -1,
	}
}

// pollerFresh is how old the youngest poller may be while its worker may still
// live: an idle healthy poller can look 53 s old.
const pollerFresh = 75 * time.Second

// pollSkew is how much later than a worker's last row its last poll may be.
const pollSkew = 2 * time.Second

// newWorker is how long a worker may poll before its first row is there.
const newWorker = 5 * time.Second

// Unserved reports whether both signals agree that nobody serves the queue: no
// live worker row, and no poller that could belong to a living worker. Pollers
// linger after their worker, so one that has not polled since the newest row
// fell silent counts as gone with it.
func (e Evidence) Unserved() bool {
	if e.Workers > 0 {
		return false
	}
	if e.PollerAge < 0 || e.PollerAge >= pollerFresh {
		return true
	}
	if e.WorkersSeen < 0 { // said goodbye, or has only just begun
		return e.PollerAge >= newWorker
	}
	return e.PollerAge+pollSkew >= e.WorkersSeen
}

// sign is the age of the newest sign of life in Temporal, or negative. That an
// attempt was started is none: a machine that is cut off leaves polls behind,
// and Temporal hands them tasks that nobody receives. A living step beats at once.
func (e Evidence) sign() time.Duration {
	if e.Activity != ActivityStarted {
		return -1
	}
	return e.HeartbeatAge
}

// failing reports whether the pending activity is tried again because the
// operation's own code failed.
func (e Evidence) failing() bool { return e.retried() && e.LastFailure == FailureApplication }

// retried reports whether Temporal gave the pending activity another try because
// one failed. A worker that stops in good order hands its step over, which is
// another attempt too and no failure.
func (e Evidence) retried() bool { return e.Attempt > 1 && e.LastFailure != FailureNone }

// comingAttempt is the number of the next try: Temporal counts one that is
// scheduled already.
func (e Evidence) comingAttempt() int {
	if e.Activity == ActivityStarted {
		return e.Attempt + 1
	}
	return e.Attempt
}
