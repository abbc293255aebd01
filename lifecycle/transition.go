package lifecycle

import (
	"errors"
	"time"
)

// Kind names a change of a run's record, and the event that it leaves.
type Kind string

const (
	Enqueued        Kind = "queued"           // the record was made
	Dispatched      Kind = "dispatched"       // its workflow was started
	Started         Kind = "started"          // the first operation activity runs
	Planned         Kind = "planned"          // the number of items is known
	WaitDeclared    Kind = "wait_declared"    // a durable wait begins
	WaitEnded       Kind = "wait_ended"       //
	CancelRequested Kind = "cancel_requested" // an operator wants it to end
	Finished        Kind = "finished"         // the run workflow ended it
	CloseClaimed    Kind = "close_claimed"    // the reconciler is about to terminate it
	CloseDropped    Kind = "close_dropped"    // it lived after all
	Reconciled      Kind = "reconciled"       // the reconciler closed it
	CancelForced    Kind = "cancel_forced"    // the reconciler terminated a cancel that nobody served
	Adopted         Kind = "adopted"          // it had ended in Temporal, unrecorded
	Acknowledged    Kind = "acknowledged"     // an operator took note of a follow-up
	Reopened        Kind = "reopened"         // and took that back
	Superseded      Kind = "superseded"       // a later run made it good
	Retried         Kind = "retried"          // a newer run tries it again
	Claimed         Kind = "claimed"          // a person looks after it
	Released        Kind = "released"         // and does no more
	LateReported    Kind = "late_result"      // a worker reported after the end; nothing was applied

	// Events without a change of the record.
	WentStale  Kind = "went_stale" // an episode of silence was recorded
	Recovered  Kind = "recovered"  // a sign of life ended it
	CauseFound Kind = "cause_found"
	// What beats show beside life, told where it changes, of a run at most so often.
	StepRetried Kind = "step_retried" // another attempt of a step is at work
	Waited      Kind = "waited"       // a wait within a step has ended
)

// ErrEnded refuses a change of a run that has ended. The record stays as it is.
var ErrEnded = errors.New("run has ended")

// ErrUnchanged says that the change was made before: nothing to write.
var ErrUnchanged = errors.New("change was already made")

// ErrOvertaken refuses a change that was decided on an older record.
var ErrOvertaken = errors.New("run changed meanwhile")

// ErrNotAllowed refuses a change that this run's state does not permit.
var ErrNotAllowed = errors.New("change is not allowed in this state")

// Change is one wish to change a run's record. Only the fields that its kind
// names matter.
type Change struct {
	Kind    Kind
	Actor   string // person or part of opstruth, as people read it
	ActorID string // Claimed: the person's user id

	Token   string  // Finished, Adopted: who writes the end
	Outcome Outcome // Finished (empty: the items decide), Adopted
	Failure Failure // Finished, Adopted
	// Finished: for how long this end could not be written, because the record was away.
	Waited time.Duration
	Total  int64  // Planned
	Wait   Wait   // WaitDeclared, WaitEnded (id)
	Note   string // Planned, Acknowledged; summary for LateReported
	By     string // Superseded, Retried: the later run's id

	// CloseClaimed: the intent, and the record that was judged.
	// Adopted, Reconciled, CancelForced, CloseDropped: the intent that stood (id)
	// when the run was judged.
	Closing    Closing
	Version    int64
	LivenessAt time.Time
	// Reconciled: what was concluded.
	Silence Silence
}

// Apply is the protocol of the record: it returns the facts after a change, or
// one of the errors above. The first terminal change wins; nothing overwrites it.
func Apply(f Facts, c Change, now time.Time) (Facts, error) {
	if f.Status == Completed {
		return applyEnded(f, c, now)
	}
	switch c.Kind {
	case Dispatched:
		if !f.DispatchedAt.IsZero() {
			return f, ErrUnchanged
		}
		f.DispatchedAt = now
	case Started:
		if f.Status == Running {
			return f, ErrUnchanged
		}
		f.Status, f.StartedAt = Running, now
		f.LivenessAt, f.ProgressAt = later(f.LivenessAt, now), later(f.ProgressAt, now)
	case Planned:
		// Like items it is progress and no sign of life: an attempt that Temporal gave up may still report. The owner beats.
		f.Counts.Total, f.ProgressAt = c.Total, later(f.ProgressAt, now)
	case WaitDeclared: // the record keeps the waits, of which the facts show the one that ends last
		f.LivenessAt = later(f.LivenessAt, now)
	case WaitEnded:
		f.LivenessAt, f.ProgressAt = later(f.LivenessAt, now), later(f.ProgressAt, now)
	case CancelRequested:
		if !f.Cancel.At.IsZero() {
			return f, ErrUnchanged
		}
		f.Cancel = CancelRequest{At: now, By: c.Actor, ForcedAt: now.Add(f.Policy.CancelGrace)}
	case CloseClaimed:
		if c.Closing.ID == "" {
			return f, ErrNotAllowed
		}
		if c.Version != f.Version || !c.LivenessAt.Equal(f.LivenessAt) {
			return f, ErrOvertaken
		}
		f.Closing = c.Closing
		f.Closing.At = now
	case CloseDropped:
		if f.Closing.ID == "" {
			return f, ErrUnchanged
		}
		if c.Closing.ID != f.Closing.ID {
			return f, ErrOvertaken
		}
		f.Closing = Closing{}
	case Claimed:
		if err := f.claim(c.Actor, c.ActorID, now); err != nil {
			return f, err
		}
	case Released:
		if err := f.release(); err != nil {
			return f, err
		}
	case Finished, Adopted, Reconciled, CancelForced:
		return end(f, c, now)
	default:
		return f, ErrNotAllowed
	}
	f.Version++
	return f, nil
}

// end writes the terminal record, once. What the reconciler ends it ends under
// the intent that it saw: where another one stands, another pass has judged since.
func end(f Facts, c Change, now time.Time) (Facts, error) {
	if c.Kind != Finished && c.Closing.ID != f.Closing.ID {
		return f, ErrOvertaken
	}
	switch c.Kind {
	case Reconciled:
		if f.Closing.ID == "" {
			return f, ErrNotAllowed
		}
		silence := c.Silence
		if silence.Cause == NoCause { // closed on an intent that an earlier pass left
			silence.Cause, silence.Evidence = f.Closing.Cause, f.Silence.Evidence
		}
		f.Outcome = Failed
		f.Reconciliation = Reconciliation{
			At: now, Cause: silence.Cause, SilentSince: f.LivenessAt, Evidence: silence.Evidence,
		}
		f.TerminalToken = f.Closing.ID
	case CancelForced:
		if f.Cancel.At.IsZero() || f.Closing.ID == "" {
			return f, ErrNotAllowed
		}
		f.Outcome = Cancelled
		f.TerminalToken = f.Closing.ID
	default:
		if c.Kind == Finished && c.Outcome == "" {
			c.Outcome, c.Failure = f.Counts.End()
		}
		if c.Outcome == Pending || c.Outcome == "" {
			return f, ErrNotAllowed
		}
		f.Outcome, f.Failure, f.TerminalToken = c.Outcome, c.Failure, c.Token
	}
	f.Status, f.CompletedAt = Completed, now
	f.Wait, f.Claim = Wait{}, Claim{}
	f.Version++
	return f, nil
}

// applyEnded allows what may still happen to a run that has ended: people take
// note and retry, a later run makes it good, and a late result is disclosed.
func applyEnded(f Facts, c Change, now time.Time) (Facts, error) {
	followUp := Derive(f, now).ProblemClass == TerminalFollowUp
	switch c.Kind {
	case Finished, Adopted, Reconciled, CancelForced:
		token := c.Token
		if c.Kind == Reconciled || c.Kind == CancelForced {
			token = c.Closing.ID
		}
		if token != "" && token == f.TerminalToken {
			return f, ErrUnchanged
		}
		return f, ErrEnded
	case Acknowledged:
		if !followUp {
			return f, ErrNotAllowed
		}
		if !f.Acknowledged.At.IsZero() {
			return f, ErrUnchanged
		}
		f.Acknowledged, f.Claim = Acknowledgement{At: now, By: c.Actor, Note: c.Note}, Claim{}
	case Reopened:
		if f.Acknowledged.At.IsZero() {
			return f, ErrUnchanged
		}
		f.Acknowledged = Acknowledgement{}
	case Superseded:
		if !followUp {
			return f, ErrNotAllowed
		}
		if f.SupersededBy != "" {
			return f, ErrUnchanged
		}
		f.SupersededBy, f.Claim = c.By, Claim{}
	case Retried:
		if c.By == "" {
			return f, ErrNotAllowed
		}
		if c.By == f.RetriedBy {
			return f, ErrUnchanged
		}
		f.RetriedBy = c.By // the newest one
	case Claimed:
		if err := f.claim(c.Actor, c.ActorID, now); err != nil {
			return f, err
		}
	case Released:
		if err := f.release(); err != nil {
			return f, err
		}
	case LateReported:
		if !f.Late.At.IsZero() {
			return f, ErrUnchanged
		}
		f.Late = LateResult{At: now, Summary: c.Note}
	default:
		return f, ErrEnded
	}
	f.Version++
	return f, nil
}
