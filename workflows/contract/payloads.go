package contract

import (
	"encoding/json"
	"time"

	"github.com/opstruth/opstruth/lifecycle"
)

// RunInput starts a run workflow, or goes on with one where Planned is set.
type RunInput struct {
	RunID            string        `json:"run_id"`
	Type             string        `json:"type"`
	HeartbeatTimeout time.Duration `json:"heartbeat_timeout"` // of its operation activities

	// Carried from one execution of the chain to the next.
	Planned bool   `json:"planned,omitempty"`
	Cursor  string `json:"cursor,omitempty"`
	Woken   bool   `json:"woken,omitempty"` // a wake that no wait has met yet
	// Carried are the next arguments of a wrapped workflow, as Temporal's payloads.
	Carried []byte `json:"carried,omitempty"`
}

// Root is the workflow execution of a run, as its children know it.
type Root struct {
	RunID         string `json:"run_id"`
	TemporalRunID string `json:"temporal_run_id"`
}

// NewRunInput is the input of a run that nobody has started before.
func NewRunInput(runID, operationType string, p lifecycle.Policy, t lifecycle.Timing) RunInput {
	return RunInput{RunID: runID, Type: operationType, HeartbeatTimeout: p.HeartbeatTimeout(t)}
}

// RunResult is what a run workflow returns once the end is recorded.
type RunResult struct {
	Outcome lifecycle.Outcome `json:"outcome"`
}

// LifecycleAnswer is the run as its workflow sees it, without the database.
type LifecycleAnswer struct {
	RunID   string            `json:"run_id"`
	Status  lifecycle.Status  `json:"status"`
	Outcome lifecycle.Outcome `json:"outcome"`
	Step    string            `json:"step"` // name of the activity it is at; empty between them
	Cursor  string            `json:"cursor,omitempty"`
	Wait    *Wait             `json:"wait,omitempty"`
}

// Wait is a durable wait that an operation asks its workflow to keep.
type Wait struct {
	For    time.Duration `json:"for"` // at most
	Signal bool          `json:"signal,omitempty"`
	Reason string        `json:"reason"`
}

// StepInput is the input of begin, plan and finish. Everything else about the
// run is read from its record.
type StepInput struct {
	RunID string `json:"run_id"`
	// Resumed is set where an earlier execution of the chain began the run.
	Resumed bool `json:"resumed,omitempty"`
	// Result is what a wrapped workflow returned, for finish to store.
	Result json.RawMessage `json:"result,omitempty"`
}

// BeginResult says whether there is anything to do.
type BeginResult struct {
	Ended     lifecycle.Outcome `json:"ended,omitempty"` // the run had ended, so; nothing is to be done
	Cancelled bool              `json:"cancelled,omitempty"`
	Wrapped   *Wrapped          `json:"wrapped,omitempty"` // set where the type wraps a workflow
	// Steps that its type does not have: they need no activity.
	NoPlan   bool `json:"no_plan,omitempty"`
	NoFinish bool `json:"no_finish,omitempty"`
}

// Wrapped is how a run's own workflow is to be run.
type Wrapped struct {
	Input   json.RawMessage `json:"input,omitempty"`    // of the first execution
	MayIdle time.Duration   `json:"may_idle,omitempty"` // how long it may await what cannot be seen
}

// PlanResult is where the work begins.
type PlanResult struct {
	Cursor string `json:"cursor,omitempty"`
}

// ExecuteInput asks for work from a cursor on: for a chunk, and those after it
// for as long as they are quick.
type ExecuteInput struct {
	RunID  string `json:"run_id"`
	Cursor string `json:"cursor,omitempty"`
	Woken  bool   `json:"woken,omitempty"` // the wait before the first chunk was ended by a signal
}

// Reached is the detail of a heartbeat that says how far an execute has come:
// everything before the cursor is done and recorded. It is a hint for the next
// attempt. Heartbeats are throttled, so it may be some seconds old.
type Reached struct {
	Cursor string `json:"cursor"`
	Chunks int    `json:"chunks"` // that ended; zero says nothing
}

// ExecuteResult says how to go on after the last chunk.
type ExecuteResult struct {
	Cursor    string `json:"cursor,omitempty"`
	Done      bool   `json:"done,omitempty"`
	Cancelled bool   `json:"cancelled,omitempty"` // the record asks for a cancel
	Wait      *Wait  `json:"wait,omitempty"`
}

// WaitInput declares a durable wait, or ends one (only the ids).
type WaitInput struct {
	RunID  string `json:"run_id"`
	WaitID string `json:"wait_id"`
	Wait   Wait   `json:"wait,omitzero"`
}

// EndInput asks for the terminal record.
type EndInput struct {
	RunID string `json:"run_id"`
	// Token says who ends it: the same one again is no second end.
	Token string `json:"token"`
	// Outcome is empty where the run's items decide.
	Outcome lifecycle.Outcome `json:"outcome,omitempty"`
	Failure lifecycle.Failure `json:"failure,omitzero"`
	// Ended says that a step found the run ended: how is asked, and there is nothing to report.
	Ended bool `json:"ended,omitempty"`
}

// EndResult is how the run ended according to its record.
type EndResult struct {
	Outcome lifecycle.Outcome `json:"outcome"`
	Failure lifecycle.Failure `json:"failure,omitzero"`
	Late    bool              `json:"late,omitempty"` // somebody else had ended it before
}

// Held is the detail of a heartbeat that declares a wait inside an activity: a
// rate limit or a Retry-After. It lasts for as long as beats repeat it.
type Held struct {
	Reason string        `json:"reason"`
	For    time.Duration `json:"for"` // from this beat on
}
