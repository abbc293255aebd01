package lifecycle

import "time"

// Facts is all that is stored about one run and matters to its truth. Times are
// the record database's, UTC; the zero time means that it has not happened.
type Facts struct {
	ID      string
	Type    string // operation type, e.g. inventory.sync
	Target  string // what it works on, in the operator's words
	Queue   string // task queue whose workers serve it
	Policy  Policy
	Version int64 // of the record; every transition raises it by one

	Status    Status
	Outcome   Outcome
	Initiator string // a person's name; empty when nobody started it

	QueuedAt     time.Time
	DispatchedAt time.Time // its workflow was started
	StartedAt    time.Time
	CompletedAt  time.Time

	LivenessAt time.Time     // newest sign of life
	ProgressAt time.Time     // last change of the counts
	StaleAt    time.Time     // when silence becomes suspicious; only while active
	Wait       Wait          // the declared wait that ends last; zero when none runs
	Waited     time.Duration // spent in declared waits that ended
	Counts     Counts
	LastItem   string // the item that was recorded last

	FirstStaleAt  time.Time // start of the first recorded episode outside telemetry gaps
	StaleEpisodes int       // recorded episodes outside telemetry gaps
	RecoveredAt   time.Time // end of the last recorded episode outside telemetry gaps
	InGap         bool      // its present silence fell into a telemetry gap

	VerifiedAt time.Time // when Temporal last answered about it

	Silence Silence // the last verdict about its silence
	Check   Check   // the reconciler's own state of health

	Cancel         CancelRequest
	Closing        Closing
	Reconciliation Reconciliation
	TerminalToken  string // who wrote the terminal record; the same token again changes nothing
	Failure        Failure
	Reasons        Reasons // only once it has ended
	Late           LateResult
	Acknowledged   Acknowledgement
	Claim          Claim
	RetryOf        string // run id
	RetriedBy      string // run id of the newest run that retries this one
	SupersededBy   string // run id
}

// Counts is a run's progress in items. Processed is the sum of the last three.
type Counts struct {
	Total, Processed, Succeeded, Failed, Skipped int64
}

// all is the number of items, also where more were found than planned.
func (c Counts) all() int64 { return max(c.Total, c.Processed) }

// WaitKind says who keeps a declared wait.
type WaitKind string

const (
	DurableWait WaitKind = "durable" // the workflow: a timer, signal or approval; survives workers
	HeldWait    WaitKind = "held"    // an activity: a rate limit or Retry-After; ends with its attempt
)

// Wait is a declared wait.
type Wait struct {
	ID     string
	Kind   WaitKind
	Reason string
	By     string // who declared it: an item, a worker, Temporal; empty for the operation itself
	Since  time.Time
	Until  time.Time
}

// Silence is what the reconciler last concluded about a run that says nothing.
type Silence struct {
	Cause    Cause
	At       time.Time     // when Temporal answered
	For      time.Duration // silence verified by consecutive positive verifications
	Times    int           // consecutive verifications with this cause, in passes of their own
	Evidence Evidence
}

// Check is how well the reconciler itself is doing, read with every run.
type Check struct {
	PassAt     time.Time     // last finished pass
	TemporalAt time.Time     // last pass in which Temporal answered
	Every      time.Duration // the pass interval
	Gap        bool          // the breaker is open: a telemetry gap
}

// Unverified reports whether two passes in a row brought no answer at now, or
// none ever did.
func (c Check) Unverified(now time.Time) bool { return c.overdue(c.TemporalAt, now) }

// overdue reports whether two passes have gone by since at and should have
// ended before now.
func (c Check) overdue(at, now time.Time) bool {
	return c.Every > 0 && now.Sub(at) > 2*c.Every+c.Every/2
}

// UnverifiedSince is the moment since which truth is unverified at now. The
// zero time says that it is verified, or that Temporal never answered.
func (c Check) UnverifiedSince(now time.Time) time.Time {
	if c.Unverified(now) {
		return c.TemporalAt
	}
	return time.Time{}
}

// CancelRequest is an operator's wish that the run ends.
type CancelRequest struct {
	At       time.Time
	By       string
	ForcedAt time.Time // when it is forced if the run has not ended
}

// Closing is the reconciler's stored intent to close a run. Its id becomes the
// reason of the Terminate call, so a crash in between is recognised as ours.
type Closing struct {
	ID    string
	At    time.Time
	Cause Cause // empty for a forced cancel
}

// Reconciliation is a close by opstruth on evidence. It never means repaired.
type Reconciliation struct {
	At          time.Time
	Cause       Cause
	SilentSince time.Time
	Evidence    Evidence
}

// Failure is why a run did not end well.
type Failure struct {
	Code    string
	Message string
}

// Reasons is why items of an ended run failed, see Reason.
type Reasons struct {
	Count int64
	Top   string // that of most items
}

// Codes of failures whose end was taken from Temporal.
const (
	CodeCancelledInTemporal  = "cancelled_in_temporal"
	CodeTerminatedInTemporal = "terminated_in_temporal"
	CodeTimedOutInTemporal   = "timed_out_in_temporal"
	CodeFailedInTemporal     = "failed_in_temporal"
	CodeResultUnknown        = "result_unknown" // completed, and left no result that can be read
)

// elsewhere reports whether the end was taken from Temporal.
func (f Failure) elsewhere() bool {
	switch f.Code {
	case CodeCancelledInTemporal, CodeTerminatedInTemporal, CodeTimedOutInTemporal, CodeFailedInTemporal, CodeResultUnknown:
		return true
	}
	return false
}

// LateResult is what a worker reported after the run had ended.
type LateResult struct {
	At      time.Time
	Summary string
}

// Acknowledgement is an operator's note on a follow-up.
type Acknowledgement struct {
	At   time.Time
	By   string
	Note string
}

// forced reports whether the reconciler ended the run by its own hand.
func (f *Facts) forced() bool {
	return f.Outcome == Cancelled && f.Closing.ID != "" && f.TerminalToken == f.Closing.ID
}
