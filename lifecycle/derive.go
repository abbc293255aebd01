package lifecycle

import "time"

// State is the entry of the wording catalogue that tells a run.
type State string

const (
	StateQueued     State = "queued"
	StateBacklogged State = "backlogged" // queued behind other work, within its limit
	StateRunning    State = "running"
	StateWaiting    State = "waiting"
	StateCancelling State = "cancelling"
	StatePaused     State = "paused"
	StateStuck      State = "stuck"
	StateUnverified State = "unverified" // stuck as far as we know, and Temporal cannot be asked
	StateReconciled State = "reconciled"
	StateFailed     State = "failed"
	StatePartial    State = "partial"
	StateBlocked    State = "blocked"
	StateCancelled  State = "cancelled"
	StateSucceeded  State = "succeeded"
)

// States lists every state of the catalogue.
func States() []State {
	return []State{
		StateQueued, StateBacklogged, StateRunning, StateWaiting, StateCancelling, StatePaused, StateStuck,
		StateUnverified, StateReconciled, StateFailed, StatePartial, StateBlocked, StateCancelled, StateSucceeded,
	}
}

// Truth is what a run's facts mean at one moment. Every surface shows it and
// none derives its own. Its words are methods, made only when asked for.
type Truth struct {
	State        State
	Freshness    Freshness
	ProblemClass ProblemClass
	Open         bool // a follow-up that nobody acknowledged and no later run made good
	StaleLineage bool // it was likely stuck at least once, or was closed by the reconciler
	Cause        Cause

	facts Facts
	now   time.Time
	staff bool // told to platform staff, see ForStaff
}

// Derive turns stored facts into truth at now. It is the only place that does,
// allocates nothing, and has no failure: every combination of facts has a truth.
func Derive(f Facts, now time.Time) Truth {
	t := Truth{facts: f, now: now}
	if f.Status == Completed {
		t.deriveEnded()
	} else {
		t.deriveActive()
	}
	return t
}

func (t *Truth) deriveEnded() {
	f := &t.facts
	reconciled := !f.Reconciliation.At.IsZero()
	t.Freshness, t.ProblemClass = TerminalNormal, NoProblem
	if reconciled {
		t.Freshness, t.Cause = ReconciledFailed, f.Reconciliation.Cause
	}
	if reconciled || f.Outcome.NeedsFollowUp() {
		t.ProblemClass = TerminalFollowUp
	}
	t.Open = t.ProblemClass == TerminalFollowUp && f.Acknowledged.At.IsZero() && f.SupersededBy == ""
	t.StaleLineage = reconciled || f.StaleEpisodes > 0
	t.State = endedState(f.Outcome, reconciled)
}

func endedState(o Outcome, reconciled bool) State {
	if reconciled {
		return StateReconciled
	}
	switch o {
	case Succeeded:
		return StateSucceeded
	case PartiallySucceeded:
		return StatePartial
	case Blocked:
		return StateBlocked
	case Cancelled:
		return StateCancelled
	case Failed, Pending: // a completed run without an outcome cannot be called good
		return StateFailed
	}
	return StateFailed
}

func (t *Truth) deriveActive() {
	f := &t.facts
	stale := !t.now.Before(f.StaleAt)
	t.Freshness, t.ProblemClass = FreshActive, NoProblem
	if stale {
		t.Freshness, t.ProblemClass = LikelyStale, ActiveStaleAttention
	}
	t.StaleLineage = f.StaleEpisodes > 0 || (stale && !f.InGap)
	t.Cause = t.activeCause(stale)
	t.State = t.activeState(stale)
}

// activeCause is the cause that evidence supports now: one that was found
// before the newest sign of life explains an older silence, not this one.
func (t *Truth) activeCause(stale bool) Cause {
	f := &t.facts
	if stale && f.Status == Running && t.now.Before(f.LivenessAt.Add(f.Policy.StaleAfter)) {
		if f.Silence.Cause == ActivityRetrying && !f.Silence.At.Before(f.ProgressAt) {
			return ActivityRetrying // a step that fails again and again beats as well
		}
		return NoProgress // the beats are in time, so it is the counts that stand still
	}
	if stale && (f.Check.Unverified(t.now) || f.unverified(t.now)) {
		return Unverified // what was known before may have changed since
	}
	known := f.Silence.Cause
	if f.Silence.At.Before(f.LivenessAt) || known == Unverified {
		return NoCause
	}
	if !stale && !known.explainsHealthy() {
		return NoCause // found ahead of time: nothing is wrong yet
	}
	return known
}

// unverified reports whether two passes brought no verdict about a silent run
// although Temporal answered about others.
func (f *Facts) unverified(now time.Time) bool {
	return f.Silence.At.Before(f.LivenessAt) && f.Check.overdue(later(f.StaleAt, f.VerifiedAt), now)
}

// explainsHealthy reports whether a run that is not late may have this cause.
func (c Cause) explainsHealthy() bool {
	return c == Paused || c == Backlogged || c == ActivityRetrying
}

func (t *Truth) activeState(stale bool) State {
	f := &t.facts
	waiting := f.Wait.Until.After(t.now)
	switch {
	case stale && t.Cause == Unverified:
		return StateUnverified
	case stale:
		return StateStuck
	case !f.Cancel.At.IsZero():
		return StateCancelling
	case t.Cause == Paused: // holds until the next check is late, not just until its wait's end
		return StatePaused
	case waiting:
		return StateWaiting
	case f.Status == Queued && t.Cause == Backlogged:
		return StateBacklogged
	case f.Status == Queued:
		return StateQueued
	}
	return StateRunning
}
