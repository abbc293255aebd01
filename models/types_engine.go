package models

import (
	"time"

	"github.com/opstruth/opstruth/lifecycle"
)

// Beat is one sign of life of an activity attempt. It carries ages, never times of another clock.
type Beat struct {
	RunID         string
	TemporalRunID string
	ActivityID    string
	Attempt       int
	Age           time.Duration // since the beat
	StartedAge    time.Duration // since this attempt began in its worker
	MissedAge     time.Duration // since its first beat that could not be written, unbroken ones after it up to its end; zero: none
	Held          *HeldWait     // the wait that the activity declares now; nil ends an earlier one
	// Aside says that it comes from a workflow which the run's own one started: a sign of life like any other, beside
	// whoever owns the run.
	Aside bool
}

// HeldWait is a wait inside an activity. It ends with its attempt.
type HeldWait struct {
	ID     string // optional; one wait per attempt when empty
	Reason string
	By     string
	Lasts  time.Duration // from now
}

// WorkerRow is a worker process that is or was alive.
type WorkerRow struct {
	ID       string
	Host     string
	PID      int
	Queues   []string
	Build    string
	LastSeen time.Time
}

// PassReport is what one reconciler pass tells about itself.
type PassReport struct {
	Every            time.Duration // the pass interval
	Took             time.Duration
	TemporalAnswered bool
	SchedulePaused   bool                         // a person paused the schedule
	ClosedUpTo       time.Time                    // Temporal's clock: closes before it were looked at; zero keeps the old one
	Breakers         map[string]lifecycle.Breaker // by task queue; "" is the overall one
	Cursors          *Cursors                     // nil keeps the old ones
	Audit            *Audit                       // nil keeps the old one
}

// ReconcilerState is the reconciler's own state.
type ReconcilerState struct {
	PassAt         time.Time // last finished pass
	TemporalAt     time.Time // last pass in which Temporal answered
	Every          time.Duration
	Took           time.Duration
	SchedulePaused bool
	ClosedUpTo     time.Time // Temporal's clock
	Breakers       map[string]lifecycle.Breaker
	Cursors        Cursors
	Audit          Audit
}
