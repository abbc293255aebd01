// Package check decides whether what the record says of a set of runs is true, given what was done to their processes and
// what these wrote down about themselves. It is pure: no process, no clock, no I/O.
package check

import (
	"time"

	"github.com/opstruth/opstruth/lifecycle"
	"github.com/opstruth/opstruth/models"
	"github.com/opstruth/opstruth/standalone/faults/work"
)

// FaultKind says what was done.
type FaultKind string

const (
	Kill            FaultKind = "kill -9"
	Freeze          FaultKind = "SIGSTOP, SIGCONT"
	Restart         FaultKind = "graceful restart"
	DatabasePause   FaultKind = "database pause"
	DatabaseRestart FaultKind = "database crash"
	TemporalStop    FaultKind = "Temporal kill -9"
	ConsoleKill     FaultKind = "console kill -9"
	Clock           FaultKind = "clock offset"
)

// FaultKinds lists every kind.
func FaultKinds() []FaultKind {
	return []FaultKind{Kill, Freeze, Restart, DatabasePause, DatabaseRestart, TemporalStop, ConsoleKill, Clock}
}

// Fault is one thing that was done, from its beginning to the moment when what it took away was there again.
type Fault struct {
	Kind     FaultKind
	Target   string // a node's name; empty for the database and Temporal
	From, To time.Time
}

// Life is one process of a node.
type Life struct {
	From, To time.Time // To is zero while it runs
	PID      int
	Graceful bool // it was told to stop, and did
}

// Worker is a worker node: its processes one after the other, and what they wrote down.
type Worker struct {
	Name   string
	Queues []string
	Lives  []Life
	Lines  []work.Line
}

// Want is how a run is to end.
type Want string

const (
	ToEnd       Want = "to end by itself"
	ToBeClosed  Want = "to be closed"    // nobody will ever serve it
	ToBeStopped Want = "to be cancelled" // or to end by itself before
)

// Execution is how Temporal says that a run's workflow ended.
type Execution struct {
	State  lifecycle.Execution // empty where Temporal does not know it
	Result lifecycle.Outcome   // of a completed one
	Reason string              // of a terminated one
}

// Run is all that is known of one run at the end.
type Run struct {
	models.Run

	Input         work.Input
	Want          Want
	Events        []models.Event // the oldest first
	Items         map[models.ItemState]int64
	Notifications int
	Liveness      int // rows
	Waits         int // rows
	Temporal      Execution
}

// Settings are what a set of runs was served with.
type Settings struct {
	Timing lifecycle.Timing
	// Slack is how late a busy machine may be with anything.
	Slack time.Duration
}

// travel is how long a beat may take from the step into the record.
func (s Settings) travel() time.Duration {
	return s.Timing.HeartbeatEvery + s.Timing.Coalesce + s.Timing.FlushEvery
}

// clear is how soon after a sign of life a flag must be gone.
func (s Settings) clear() time.Duration {
	return s.travel() + s.Timing.PassEvery + s.Timing.PassBudget + s.Slack
}

// Snapshot is the end of a run of the harness.
type Snapshot struct {
	Settings Settings
	Runs     []Run
	Workers  []Worker
	Rows     []models.WorkerRow // of the record
	Faults   []Fault
	Seen     []string // what was wrong while it ran
}
