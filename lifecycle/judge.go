package lifecycle

import "time"

// Action is what a verdict asks the reconciler to do.
type Action string

const (
	Refresh Action = "refresh" // the run lives: take the newer sign, or the wait that explains its silence
	Adopt   Action = "adopt"   // it ended in Temporal: take the real end
	Silent  Action = "silent"  // silence is verified; remember why
	Close   Action = "close"   // silence was verified long enough: close it
	Unknown Action = "unknown" // no verdict
)

// Verdict is what the evidence proves about one active run.
type Verdict struct {
	Action  Action
	Cause   Cause
	Sign    time.Time // newest sign of life that the evidence holds; zero when it has none that is newer
	Wait    Wait      // with Refresh: a legitimate wait that only Temporal knows
	Outcome Outcome   // with Adopt: how it ended
	Failure Failure   // with Adopt: why
	Ours    bool      // with Adopt: our own closing intent ended it, so record the close instead
	Silence Silence   // with Silent and Close: what to remember
}

// ObservedWait is the id of the wait that the reconciler declares for what
// Temporal alone knows: a retry's backoff or a pause.
const ObservedWait = "observed"

// Judge weighs evidence about an active run, observed at now on the record
// database's clock. passEvery bounds what counts as consecutive. It never
// closes a run whose terminal record is on its way, and never judges at all
// where Temporal did not answer.
func Judge(f Facts, e Evidence, passEvery time.Duration, now time.Time) Verdict {
	j := judgement{f: f, e: e, passEvery: passEvery, now: now}
	switch e.Answer {
	case Answered:
	case NotFound:
		return j.missing()
	case Unreachable, WrongHome, NotAsked:
		return Verdict{Action: Unknown, Cause: Unverified}
	default:
		return Verdict{Action: Unknown, Cause: Unverified}
	}
	if e.Execution != ExecRunning {
		return j.ended()
	}
	return j.running()
}

type judgement struct {
	f         Facts
	e         Evidence
	passEvery time.Duration
	now       time.Time
}

func (j judgement) missing() Verdict {
	if j.f.DispatchedAt.IsZero() || !j.e.Retained {
		return Verdict{Action: Unknown, Cause: Unverified}
	}
	v := j.silent(WorkflowMissing)
	if j.f.Policy.CloseMissing && v.Silence.Times >= 2 {
		v.Action = Close
	}
	return v
}

func (j judgement) ended() Verdict {
	v := Verdict{Action: Adopt, Cause: ClosedElsewhere}
	if id := j.f.Closing.ID; id != "" && j.e.Execution == ExecTerminated && j.e.CloseReason == id {
		v.Ours = true
		v.Cause = j.f.Closing.Cause
	}
	v.Outcome, v.Failure = adoptedEnd(j.e)
	return v
}

// adoptedEnd translates how Temporal says that a workflow ended.
func adoptedEnd(e Evidence) (Outcome, Failure) {
	by := ""
	if e.ClosedBy != "" {
		by = " by " + e.ClosedBy
	}
	why := ""
	if e.CloseReason != "" {
		why = ": " + e.CloseReason
	}
	switch e.Execution {
	case ExecCompleted:
		if e.Result != "" && e.Result != Pending {
			return e.Result, Failure{}
		}
		return Succeeded, Failure{}
	case ExecCancelled:
		return Cancelled, Failure{Code: "cancelled_in_temporal", Message: "cancelled in Temporal" + by}
	case ExecTerminated:
		return Failed, Failure{Code: "terminated_in_temporal", Message: "terminated in Temporal" + by + why}
	case ExecTimedOut:
		return Failed, Failure{Code: "timed_out_in_temporal", Message: "workflow timed out in Temporal"}
	case ExecFailed, ExecRunning:
	}
	return Failed, Failure{Code: "failed_in_temporal", Message: "workflow failed" + why}
}

func (j judgement) running() Verdict {
	if j.e.Paused || j.e.Activity == ActivityPaused {
		return j.wait(Paused, "paused", j.now.Add(3*j.passEvery))
	}
	sign := j.newSign()
	if !sign.IsZero() && sign.Add(j.f.Policy.StaleAfter).After(j.now) {
		return Verdict{Action: Refresh, Sign: sign}
	}
	if !j.due() {
		return Verdict{Action: Refresh} // it is silent to nobody: a routine verification
	}
	v := j.cause()
	v.Sign = sign
	return v
}

// due reports whether the run is silent past its deadline, or will be before
// the next pass has ended. Temporal's heartbeats are throttled, so the record's
// are mostly newer: an old one there says nothing about a run that is heard here.
func (j judgement) due() bool {
	return !j.f.StaleAt.After(j.now.Add(j.passEvery + j.passEvery/2))
}

// stalled reports whether the counts, not the beats, make the run due.
func (j judgement) stalled() bool {
	silent := j.f.LivenessAt.Add(j.f.Policy.StaleAfter)
	return j.f.Status == Running && j.f.StaleAt.Before(silent) && j.now.Before(silent)
}

// newSign is Temporal's newest sign of life, where it is newer than ours.
func (j judgement) newSign() time.Time {
	age := j.e.sign()
	if age < 0 {
		return time.Time{}
	}
	if at := j.now.Add(-age); at.After(j.f.LivenessAt) {
		return at
	}
	return time.Time{}
}

// cause orders the evidence from what explains most to what explains least.
func (j judgement) cause() Verdict {
	e, p := j.e, j.f.Policy
	switch {
	case j.f.Wait.Kind == DurableWait && j.f.Wait.Until.After(j.now) && j.f.Wait.ID != ObservedWait:
		return Verdict{Action: Refresh}
	case j.stalled():
		return j.silent(NoProgress)
	case e.Unserved():
		return j.closeAfter(j.silent(NoWorkers), p.CloseNoWorkers)
	case e.WorkflowTask && e.WorkflowTaskAttempt > 1:
		return j.silent(WorkflowTaskFailing)
	case e.Activity == ActivityStarted && e.Attempt > 1 && e.LastFailure == FailureApplication && j.retriedEnough():
		return j.silent(ActivityRetrying)
	case e.Activity == ActivityStarted:
		v := j.silent(WorkerLost)
		if e.Attempt > 1 {
			return v
		}
		return j.closeAfter(v, p.CloseWorkerLost)
	case e.Activity == ActivityScheduled && e.Attempt > 1:
		return j.retrying()
	case e.Activity == ActivityScheduled, e.WorkflowTask:
		return j.silent(Backlogged)
	}
	return j.silent(IdleUndeclared)
}

// retrying tells a step that fails from a worker that was lost: both are
// scheduled again by Temporal, and both may be in a backoff.
func (j judgement) retrying() Verdict {
	cause := ActivityRetrying
	if j.e.LastFailure == FailureHeartbeatTimeout {
		cause = WorkerLost
	}
	if cause == ActivityRetrying && j.e.NextAttempt > 0 && !j.retriedEnough() {
		return j.wait(ActivityRetrying, "next attempt", j.now.Add(j.e.NextAttempt))
	}
	return j.silent(cause)
}

func (j judgement) retriedEnough() bool {
	p := j.f.Policy
	return (p.RetryAttempts > 0 && j.e.Attempt >= p.RetryAttempts) ||
		(p.RetryFor > 0 && j.e.ScheduledAge >= p.RetryFor)
}

func (j judgement) wait(c Cause, reason string, until time.Time) Verdict {
	v := j.silent(c)
	v.Action = Refresh
	v.Wait = Wait{ID: ObservedWait, Kind: DurableWait, Reason: reason, By: "Temporal", Since: j.now, Until: until}
	return v
}

// silent counts silence only between verifications that followed one another:
// a reconciler that was away has verified nothing meanwhile.
func (j judgement) silent(c Cause) Verdict {
	prev := j.f.Silence
	s := Silence{Cause: c, At: j.now, Times: 1, Evidence: j.e}
	gap := j.now.Sub(prev.At)
	consecutive := !prev.At.Before(j.f.LivenessAt) && gap >= 0 && gap <= 3*j.passEvery
	if consecutive && prev.Cause == c {
		s.For, s.Times = prev.For+gap, prev.Times+1
	}
	return Verdict{Action: Silent, Cause: c, Silence: s}
}

func (j judgement) closeAfter(v Verdict, limit time.Duration) Verdict {
	stale := !j.now.Before(j.f.StaleAt)
	if limit > 0 && stale && !j.e.RecordsEnd && !j.f.Check.Gap && v.Silence.For >= limit {
		v.Action = Close
	}
	return v
}
