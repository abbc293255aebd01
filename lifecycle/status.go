package lifecycle

// Status is how far a run has come. It never moves backwards.
type Status string

const (
	Queued    Status = "queued"    // stored; moved on by the start of its first operation activity
	Running   Status = "running"   // being worked on; moved on by the run workflow or the reconciler
	Completed Status = "completed" // ended for good; nothing moves it on
)

// Statuses lists every status in the order in which a run passes them.
func Statuses() []Status { return []Status{Queued, Running, Completed} }

// Active reports whether a run in this status may still do work.
func (s Status) Active() bool { return s == Queued || s == Running }

// Outcome is how a run ended.
type Outcome string

const (
	Pending            Outcome = "pending"             // not ended; people are shown none
	Succeeded          Outcome = "succeeded"           // every item was done
	PartiallySucceeded Outcome = "partially_succeeded" // some items failed
	Failed             Outcome = "failed"              // ended with an error, or closed by the reconciler
	Blocked            Outcome = "blocked"             // a precondition or permission stopped it before work
	Cancelled          Outcome = "cancelled"           // a person stopped it
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{Pending, Succeeded, PartiallySucceeded, Failed, Blocked, Cancelled}
}

// NeedsFollowUp reports whether a run that ended this way is a problem that a
// person should look at.
func (o Outcome) NeedsFollowUp() bool {
	return o == Failed || o == PartiallySucceeded || o == Blocked
}

// Freshness says whether the record of a run can be believed as it stands.
type Freshness string

const (
	FreshActive      Freshness = "fresh_active"      // active and heard from in time
	LikelyStale      Freshness = "likely_stale"      // active and silent past its deadline
	ReconciledFailed Freshness = "reconciled_failed" // closed by the reconciler on evidence
	TerminalNormal   Freshness = "terminal_normal"   // ended by itself
)

// Freshnesses lists every freshness.
func Freshnesses() []Freshness {
	return []Freshness{FreshActive, LikelyStale, ReconciledFailed, TerminalNormal}
}

// ProblemClass is the bucket in which a run needs a person, if any.
type ProblemClass string

const (
	NoProblem            ProblemClass = "none"
	ActiveStaleAttention ProblemClass = "active_stale_attention" // people read: likely stuck
	TerminalFollowUp     ProblemClass = "terminal_follow_up"     // people read: ended, needs follow-up
)

// ProblemClasses lists every class, the most urgent first.
func ProblemClasses() []ProblemClass {
	return []ProblemClass{ActiveStaleAttention, TerminalFollowUp, NoProblem}
}
