package lifecycle

// headlines tell every state but the stuck ones, whose cause tells more.
var headlines = map[State]func(Truth) string{
	StateQueued:     says("Not started yet: waiting for a worker"),
	StateBacklogged: says("Not started yet: waiting behind other work"),
	StateRunning:    Truth.runningHeadline,
	StateWaiting:    Truth.waitingHeadline,
	StateCancelling: Truth.cancellingHeadline,
	StatePaused:     Truth.pausedHeadline,
	StateStuck:      Truth.stuckHeadline,
	StateUnverified: says("Silent, and not verified in Temporal"),
	StateReconciled: Truth.reconciledHeadline,
	StateFailed:     says("Ended with an error"),
	StatePartial:    Truth.partialHeadline,
	StateBlocked:    says("Stopped before any work"),
	StateCancelled:  Truth.cancelledHeadline,
	StateSucceeded:  Truth.succeededHeadline,
}

var stuckHeadlines = map[Cause]func(Truth) string{
	NoCause:             Truth.silentHeadline,
	NoWorkers:           says("Not advancing: no worker serves its queue"),
	WorkerLost:          Truth.workerLostHeadline,
	ActivityRetrying:    says("Not advancing: a step keeps failing"),
	WorkflowTaskFailing: says("Not advancing: its workflow code keeps failing"),
	Backlogged:          says("Scheduled, but no worker has taken it"),
	NoProgress:          func(t Truth) string { return "Alive, but not advancing since " + t.at(t.facts.ProgressAt) },
	IdleUndeclared:      Truth.idleHeadline,
	Paused:              says("Silent; it was paused when last checked"),
	WorkflowMissing:     says("Temporal does not know this run"),
	ClosedElsewhere:     says("Ended in Temporal; recording how"),
	Unverified:          says("Silent, and not verified in Temporal"),
}

// Headline tells in at most ten words whether the run is still active and how it is.
func (t Truth) Headline() string { return headlines[t.State](t) }

func says(s string) func(Truth) string { return func(Truth) string { return s } }

func (t Truth) idleHeadline() string {
	if t.waitIsOver() {
		return "Its wait is over; Temporal has not continued it"
	}
	return "Open, but doing nothing that we know of"
}

func (t Truth) runningHeadline() string {
	if t.facts.Check.Unverified(t.now) {
		return "Running by its heartbeats; not verified in Temporal"
	}
	return "Running normally"
}

func (t Truth) waitingHeadline() string {
	until := t.atSecond(t.facts.Wait.Until)
	switch {
	case t.Cause == ActivityRetrying:
		return "Retrying a failed step at " + until
	case t.facts.Wait.ID == HandoverWait:
		return "Handed over; waiting for the next worker"
	}
	return "Waiting as planned until " + until
}

func (t Truth) cancellingHeadline() string {
	c := t.facts.Cancel
	if t.now.Before(c.ForcedAt) {
		return "Stopping; forced at " + t.atSecond(c.ForcedAt)
	}
	return "Stopping; due to be forced since " + t.atSecond(c.ForcedAt)
}

func (t Truth) pausedHeadline() string {
	if by := brief(t.facts.Silence.Evidence.PausedBy, 3); by != "" {
		return "Paused in Temporal by " + by
	}
	return "Paused in Temporal"
}

func (t Truth) stuckHeadline() string { return stuckHeadlines[t.Cause](t) }

func (t Truth) silentHeadline() string {
	return "Silent for " + Span(t.now.Sub(t.facts.LivenessAt)) + "; cause not known yet"
}

func (t Truth) workerLostHeadline() string {
	if t.facts.Silence.Evidence.retried() {
		return "Worker lost; Temporal tries again"
	}
	return "Its worker went silent"
}

func (t Truth) reconciledHeadline() string {
	r := t.facts.Reconciliation
	return "Reconciled: closed by opstruth after " + Span(r.At.Sub(r.SilentSince)) + " of silence"
}

func (t Truth) partialHeadline() string {
	c := t.facts.Counts
	return "Ended: " + Number(c.Failed) + " of " + items(c.all()) + " failed"
}

func (t Truth) cancelledHeadline() string {
	f := &t.facts
	by := brief(f.Cancel.By, 3)
	switch {
	case f.Failure.Code == CodeCancelledInTemporal:
		return "Cancelled in Temporal"
	case by == "":
		return "Cancelled"
	case f.forced():
		return "Cancelled by " + by + ", by force"
	}
	return "Cancelled by " + by
}

func (t Truth) succeededHeadline() string {
	c := t.facts.Counts
	switch {
	case c.Processed == 0:
		return "Done"
	case c.Skipped > 0:
		return "Done: " + items(c.Succeeded) + ", " + Number(c.Skipped) + " skipped"
	case c.Processed == 1:
		return "Its one item is done"
	}
	return "All " + items(c.Processed) + " are done"
}
