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
	Silence Silence   // what to remember; zero when nothing is to change
}

// ObservedWait is the id of the wait that the reconciler declares for what
// Temporal alone knows: a retry's backoff or a pause.
const ObservedWait = "observed"

// HandoverWait is the id of the wait that a worker which stops in good order
// leaves behind, until another one takes the run over.
const HandoverWait = "handover"

// Judge weighs evidence about an active run, observed at now on the record
// database's clock. passEvery bounds what counts as consecutive. It never
// closes a run whose terminal record is on its way, and never judges at all
// where Temporal did not answer.
func Judge(f Facts, e Evidence, passEvery time.Duration, now time.Time) Verdict {
	if f.Status == Completed {
		return Verdict{Action: Unknown}
	}
	j := judgement{f: f, e: e, passEvery: passEvery, now: now, alive: f.LivenessAt}
	switch e.Answer {
	case Answered:
	case NotFound:
		return j.missing()
	case Unreachable, WrongHome, NotAsked:
		return Verdict{Action: Unknown, Cause: Unverified}
	default:
		return Verdict{Action: Unknown, Cause: Unverified}
	}
	switch e.Execution {
	case ExecRunning:
		return j.running()
	case ExecCompleted, ExecFailed, ExecCancelled, ExecTerminated, ExecTimedOut:
		return j.ended()
	}
	return Verdict{Action: Unknown, Cause: Unverified} // a state that is not known here proves no end
}

type judgement struct {
	f         Facts
	e         Evidence
	passEvery time.Duration
	now       time.Time
	alive     time.Time // newest sign of life, in the record or in Temporal
}

func (j judgement) missing() Verdict {
	if j.f.DispatchedAt.IsZero() || !j.e.Retained {
		return Verdict{Action: Unknown, Cause: Unverified}
	}
	v := j.silent(WorkflowMissing)
	if j.f.Policy.CloseMissing && v.Silence.Times >= 2 && !j.f.Check.Gap {
		v.Action = Close
	}
	return v
}

func (j judgement) running() Verdict {
	sign := j.newSign()
	j.alive = later(j.alive, sign)
	v := Verdict{Action: Refresh}
	switch {
	case j.paused():
		v = j.wait(Paused, "paused", j.now.Add(3*j.passEvery))
	case j.due() && !j.stalled() && j.e.Elsewhere > 0:
		// Nobody can know more: its workers are not ours, and it owes Temporal no sign.
		v.Wait = j.observed("an activity on another task queue", j.now.Add(min(j.e.Elsewhere, 3*j.passEvery)))
	case j.due() && (j.stalled() || !j.excused()):
		v = j.silence()
	}
	if v.Silence.At.IsZero() && j.f.Silence.Cause.explainsHealthy() && !j.f.Silence.At.Before(j.alive) {
		v.Silence = Silence{At: j.now, Evidence: j.e} // what explained the run before does so no more
	}
	v.Sign = sign
	return v
}

// paused reports a run that a person holds in Temporal. An activity that a worker
// had before still works on.
func (j judgement) paused() bool {
	working := j.e.Activity == ActivityStarted && j.alive.Add(j.f.Policy.StaleAfter).After(j.now)
	return j.e.Activity == ActivityPaused || (j.e.Paused && !working)
}

// excused reports a sign of life that is young enough, or a declared wait that
// the workflow keeps.
func (j judgement) excused() bool {
	w := j.f.Wait
	planned := w.Kind == DurableWait && w.ID != ObservedWait && w.Until.After(j.now)
	return planned || (j.alive.After(j.f.LivenessAt) && j.alive.Add(j.f.Policy.StaleAfter).After(j.now))
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

// silence is the verdict on a run that says nothing and that nothing excuses.
func (j judgement) silence() Verdict {
	cause := j.cause()
	if cause == ActivityRetrying && j.e.NextAttempt > 0 && !j.retriedEnough() {
		return j.wait(cause, "next attempt of a failed step", j.backoffEnd())
	}
	v := j.silent(cause)
	limit := j.f.Policy.closeLimit(cause, j.e)
	stale := !j.now.Before(j.f.StaleAt)
	if limit > 0 && stale && !j.e.RecordsEnd && !j.f.Check.Gap && v.Silence.For >= limit {
		v.Action = Close
	}
	return v
}

// cause orders the evidence from what explains most to what explains least.
func (j judgement) cause() Cause {
	e := j.e
	switch {
	case j.stalled() && e.failing():
		return ActivityRetrying // why the counts stand still
	case j.stalled():
		return NoProgress
	case e.Unserved():
		return NoWorkers
	case e.WorkflowTask && e.WorkflowTaskAttempt > 1:
		return WorkflowTaskFailing
	case e.Activity == ActivityStarted && e.HeartbeatAge < 0 && e.LastFailure == FailureApplication && j.retriedEnough():
		return ActivityRetrying // it never beats, so nothing shows that its worker is lost
	case e.Activity == ActivityStarted:
		return WorkerLost
	case e.Activity == ActivityScheduled && e.retried():
		return j.retryCause()
	case e.Activity == ActivityScheduled, e.WorkflowTask:
		return Backlogged
	}
	return IdleUndeclared
}

// retryCause tells a step that fails from a worker that was lost, and from one
// that is due again but that no worker takes.
func (j judgement) retryCause() Cause {
	switch {
	case j.e.LastFailure == FailureHeartbeatTimeout:
		return WorkerLost
	case j.e.NextAttempt <= 0 && !j.retriedEnough():
		return Backlogged
	}
	return ActivityRetrying
}

// retriedEnough reports whether a failing step is to be flagged. Temporal tells
// when its present attempt was scheduled, not the first, so silence counts too.
func (j judgement) retriedEnough() bool {
	p := j.f.Policy
	return (p.RetryAttempts > 0 && j.e.Attempt >= p.RetryAttempts) ||
		(p.RetryFor > 0 && max(j.e.ScheduledAge, j.now.Sub(j.alive)) >= p.RetryFor)
}

// backoffEnd is how long a backoff excuses silence: until the next attempt, but
// not beyond the moment at which the step has been retried for too long.
func (j judgement) backoffEnd() time.Time {
	end := j.now.Add(j.e.NextAttempt)
	if p := j.f.Policy; p.RetryFor > 0 {
		return earlier(end, j.alive.Add(p.RetryFor))
	}
	return end
}

func (j judgement) wait(c Cause, reason string, until time.Time) Verdict {
	v := j.silent(c)
	v.Action = Refresh
	v.Wait = j.observed(reason, until)
	return v
}

// observed is a legitimate wait that only Temporal knows.
func (j judgement) observed(reason string, until time.Time) Wait {
	return Wait{ID: ObservedWait, Kind: DurableWait, Reason: reason, By: "Temporal", Since: j.now, Until: until}
}

// silent remembers a verified silence. Time counts only between verifications
// that followed one another: a reconciler that was away has verified nothing
// meanwhile, and one that looks again within a pass has verified nothing more. A
// sign of life or another cause starts it anew.
func (j judgement) silent(c Cause) Verdict {
	prev := j.f.Silence
	s := Silence{Cause: c, At: j.now, Times: 1, Evidence: j.e}
	if prev.Cause == c && !prev.At.Before(j.alive) && !prev.At.After(j.now) {
		gap := j.now.Sub(prev.At)
		s.For, s.Times = prev.For, prev.Times
		if gap >= j.passEvery/2 {
			s.Times++
		}
		if gap <= 3*j.passEvery {
			s.For += gap
		}
	}
	return Verdict{Action: Silent, Cause: c, Silence: s}
}
